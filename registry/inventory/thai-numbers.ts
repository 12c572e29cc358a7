/** Thai digits as Arabic ones. */
export function arabicDigits(text: string): string {
  return /[๐-๙]/.test(text)
    ? text.replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - 0x0e50))
    : text;
}

const months = [
  'ม.ค.',
  'ก.พ.',
  'มี.ค.',
  'เม.ย.',
  'พ.ค.',
  'มิ.ย.',
  'ก.ค.',
  'ส.ค.',
  'ก.ย.',
  'ต.ค.',
  'พ.ย.',
  'ธ.ค.',
];

/** `1 ก.พ. 2562`: a date of a cell, without a zone, in พ.ศ. Years that were typed as พ.ศ. into a date cell are left. */
export function dateText(date: Date): string {
  const year = date.getUTCFullYear();
  if (Number.isNaN(year)) return '?';
  return `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ''} ${year < 2_400 ? year + 543 : year}`;
}
