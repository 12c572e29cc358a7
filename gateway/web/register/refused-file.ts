import { guarded } from '#registry/inventory/formula-guard.ts';
import type { RowFate } from '../api/inventory.ts';

/** Rows that were not taken, with why, as CSV for Excel: to be put right beside the file that they are of. Pure. */
export function csvOfRefused(rows: readonly RowFate[]): string {
  const headings = ['แถว', 'ตำแหน่งในการติดตั้งกล้อง', 'อปท.', 'ช่อง', 'หัวตาราง', 'ค่าในไฟล์', 'เหตุที่ไม่รับ'];
  const lines = rows.flatMap(({ row, position, lao, problems }) =>
    problems.map((problem) => [
      String(row),
      position,
      lao,
      problem.cell ?? '',
      problem.heading,
      problem.text,
      problem.reason,
    ]),
  );
  return [headings, ...lines].map((cells) => cells.map(cellOf).join(',')).join('\r\n');
}

/** RFC 4180, and no formula. */
function cellOf(text: string): string {
  const plain = guarded(text);
  return /[",\r\n]/u.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
