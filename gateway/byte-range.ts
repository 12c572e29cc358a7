/** The range lies outside what there is. */
export class RangeNotSatisfiable extends Error {
  readonly code = 'range_not_satisfiable';
  constructor(byteLength: number) {
    super(`there are ${byteLength} bytes`);
  }
}

/**
 * Bytes that a Range header asks for (RFC 9110 §14.1.2), `end` exclusive; undefined: the whole. A header that asks for
 * several ranges, or is none, is passed over, as the RFC allows. Throws RangeNotSatisfiable.
 */
export function byteRange(
  header: string | undefined,
  byteLength: number,
): { start: number; end: number } | undefined {
  const asked = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (asked === null) return undefined;
  const [, first = '', last = ''] = asked;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, byteLength - Number(last)) : Number(first);
  const end = first === '' || last === '' ? byteLength : Math.min(byteLength, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= end) throw new RangeNotSatisfiable(byteLength);
  return { start, end };
}
