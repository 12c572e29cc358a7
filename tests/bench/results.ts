/**
 * Tables of a result, on the screen and, when asked, at the end of results.md.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_FOLDER } from './compile.ts';
import { machineLine } from './machine.ts';

export const RESULTS_FILE = join(BENCH_FOLDER, 'results.md');

export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** `-` for what was not seen. */
export function rounded(value: number | undefined, digits = 0): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

/** Prints the section; with `append`, adds it to results.md with machine and date. */
export function report(title: string, body: string, append: boolean, now = new Date()): void {
  const section = `\n## ${title}\n\n${machineLine(now)}\n\n${body}\n`;
  console.log(section);
  if (append) appendFileSync(RESULTS_FILE, section);
}
