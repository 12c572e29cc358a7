/** What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), also in full width. */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/u;

/**
 * Text that no spreadsheet calculates: with an apostrophe before it, as Excel itself marks text. Whoever opens the file
 * may be led to run what somebody else typed into a position.
 */
export function guarded(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** The text that was guarded. */
export function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;
}
