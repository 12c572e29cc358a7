import type { Camera } from '../camera.ts';
import { deviceOf } from '../stream-address.ts';
import { claim, type Row, type Stored } from './compared-row.ts';
import { groups, NO_KEY, pair } from './row-numbers.ts';
import type { RowRemarks } from './row-remarks.ts';
import { dateText } from './thai-numbers.ts';

/** Of rows without problems, which registered camera each is about (`stored`), by the rules of `Planner`. */
export function matchRows(options: {
  rows: readonly Row[];
  byId: ReadonlyMap<string, Stored>;
  /** Of ids, when their cameras were deleted, Unix ms. */
  deleted: ReadonlyMap<string, number>;
  /** That the file names. */
  ids: ReadonlySet<string>;
  mayImport: (lao: Camera['lao']) => boolean;
  remarks: RowRemarks;
}): void {
  const { rows, byId, deleted, ids, mayImport, remarks } = options;
  const saysStream = remarks.has('url');
  const stored = [...byId.values()].toSorted((a, b) => (a.camera.id < b.camera.id ? -1 : 1));
  const open = rows.filter((row) => row.problems.length === 0);
  const idsAreOurs = deleted.size > 0 || [...ids].some((id) => byId.has(id));
  for (const row of open) {
    const { id } = row.given;
    if (id === undefined || !idsAreOurs) continue;
    const found = byId.get(id);
    const deletedAtMs = deleted.get(id);
    if (deletedAtMs !== undefined) remarks.refuse(row, 'id', deletedReason(deletedAtMs));
    else if (found === undefined) {
      const reason = 'ไม่พบกล้องรหัสนี้ในระบบ อาจถูกลบแล้ว หรืออยู่นอกพื้นที่ของท่าน ถ้าเป็นกล้องใหม่ให้ลบรหัสในช่องนี้';
      remarks.refuse(row, 'id', reason);
    } else if (!mayImport(found.camera.lao)) {
      remarks.refuse(row, 'id', 'ท่านไม่มีสิทธิ์แก้ไขกล้องตัวนี้');
    } else claim(row, found);
  }
  if (stored.length === 0) return;
  const unmatched = (): Row[] =>
    open.filter((row) => row.stored === undefined && row.problems.length === 0);
  const rules: [
    (one: Row | Stored) => number,
    'in order' | 'only one',
    (row: Row, one: Stored) => boolean,
  ][] = [
    [({ place, url }) => (saysStream ? pair(place, url) : place), 'in order', () => true],
    [({ lao, url }) => (url === 0 ? NO_KEY : pair(lao, url)), 'only one', () => true],
    [({ place }) => place, 'only one', isOfOneDevice],
  ];
  for (const [keyOf, how, fits] of rules) {
    const open = unmatched().filter(({ repeats }) => how === 'in order' || repeats === undefined);
    const cameras = groups(
      stored.filter(({ row }) => row === undefined),
      keyOf,
    );
    for (const [key, group] of groups(open, keyOf)) {
      const there = cameras.get(key) ?? [];
      if (key === NO_KEY || (how === 'only one' && (group.length > 1 || there.length > 1)))
        continue;
      for (const [index, row] of group.entries()) {
        const found = there[index];
        if (found !== undefined && fits(row, found)) claim(row, found);
      }
    }
  }
}

/** In Thailand's time. */
function deletedReason(deletedAtMs: number): string {
  const local = new Date(deletedAtMs + THAI_OFFSET_MS);
  const at = `${dateText(local)} เวลา ${local.toISOString().slice(11, 16).replace(':', '.')} น.`;
  return `กล้องรหัสนี้ถูกลบเมื่อ ${at} ถ้าต้องการใช้ต่อ ให้นำกล้องกลับมาที่ทะเบียนกล้อง (ตัวกรอง “กล้องที่ลบแล้ว”) แล้วนำเข้าไฟล์อีกครั้ง ถ้าเป็นกล้องใหม่ให้ลบรหัสในช่องนี้`;
}

const THAI_OFFSET_MS = 7 * 3_600_000;

/** Or one of them has no stream. */
function isOfOneDevice({ given }: Row, { camera }: Stored): boolean {
  if (!given.stream || camera.stream === null) return true;
  return deviceOf(given.stream.url) === deviceOf(camera.stream.url);
}
