/** Numbers as an officer types them: Thai digits are as good as Arabic ones (forms.md §4.7), and days may be called so. Pure. */

/** NaN: it is none. */
export function numberOf(typed: string): number {
  const plain = arabic(typed)
    .replace(/\s*(?:วัน|ชั่วโมง|ชม\.)\s*$/u, '')
    .trim();
  return plain === '' ? Number.NaN : Number(plain);
}

export function arabic(typed: string): string {
  return typed.replace(/[๐-๙]/gu, (digit) => String((digit.codePointAt(0) ?? 0) - 0x0e50));
}
