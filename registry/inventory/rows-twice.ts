import { changeProblem } from './change-problem.ts';
import { nameOf, type Row, type Stored } from './compared-row.ts';
import { compare } from './differences.ts';
import { groups, NO_KEY, pair } from './row-numbers.ts';
import type { RowRemarks } from './row-remarks.ts';

/** What rows have in common with each other and with registered cameras: an id, a position, a stream. */

/** One id twice: the second is refused, for which of them is right? And which rows have the position and the stream of an earlier one. */
export function refuseIdsTwice(rows: readonly Row[], remarks: RowRemarks): void {
  const ids = new Map<string, number>();
  const streams = new Map<number, number>();
  for (const row of rows) {
    const { id } = row.given;
    const { number } = row.reading;
    if (id !== undefined) {
      const before = ids.get(id);
      if (before === undefined) ids.set(id, number);
      else remarks.refuse(row, 'id', `รหัสกล้องซ้ำกับแถวที่ ${before}`);
    }
    if (row.url === 0) continue;
    const key = pair(row.place, row.url);
    row.repeats = streams.get(key);
    if (row.repeats === undefined) streams.set(key, number);
  }
}

/**
 * A row that brings a camera where another one is, or an earlier row brings one: the same position and stream twice. Those
 * that are registered so, which somebody confirmed, stay.
 */
export function refuseTwice(
  rows: readonly Row[],
  stored: Iterable<Stored>,
  remarks: RowRemarks,
): void {
  const there = new Map<number, Row | Stored>();
  const left = new Map<number, Row>();
  for (const one of stored) {
    if (one.url === 0) continue;
    const { row } = one;
    const key = pair(one.place, one.url);
    if (row === undefined) there.set(key, one);
    else if (keyAfter(row, remarks) === key) there.set(key, row);
    else left.set(key, row);
  }
  for (const row of rows) {
    if (row.problems.length > 0) continue;
    const key = keyAfter(row, remarks);
    if (key === NO_KEY || (row.stored !== undefined && key === keyOf(row.stored))) continue;
    const leaver = left.get(key);
    const isLeft = leaver === undefined || !isRefused(leaver);
    const by = there.get(key) ?? (isLeft ? undefined : leaver);
    if (by === undefined) there.set(key, row);
    else {
      const column = remarks.has('url') ? 'url' : 'position';
      remarks.refuse(row, column, `ตำแหน่งและที่อยู่สัญญาณภาพซ้ำกับ${nameOf(by)}`);
    }
  }
}

/** Where its camera is once the row is written; without a stream nowhere. */
function keyAfter(row: Row, remarks: RowRemarks): number {
  const url = remarks.has('url') ? row.url : (row.stored?.url ?? 0);
  return url === 0 || row.given.scope === 'closed-area' ? NO_KEY : pair(row.place, url);
}

function isRefused(row: Row): boolean {
  if (row.problems.length > 0) return true;
  const camera = row.stored?.camera;
  return (
    camera !== undefined && changeProblem(camera, compare(camera, row.given).change) !== undefined
  );
}

/** Several cameras on one pole are normal: said once for each position. */
export function warnOfPoles(
  rows: readonly Row[],
  stored: Iterable<Stored>,
  remarks: RowRemarks,
): void {
  const placed = groups(
    rows.filter(({ problems }) => problems.length === 0),
    ({ place }) => place,
  );
  const others = new Map<number, number>();
  for (const { place, row } of stored) {
    if (row === undefined) others.set(place, (others.get(place) ?? 0) + 1);
  }
  for (const [place, group] of placed) {
    const first = group.find((row) => row.stored === undefined);
    if (first === undefined) continue;
    const registered = others.get(place);
    if (registered !== undefined) {
      const reason = `ตำแหน่งนี้มีกล้องลงทะเบียนแล้ว ${registered} ตัวที่ไม่อยู่ในไฟล์ แถวนี้จะเป็นกล้องใหม่อีกตัว ถ้าเป็นกล้องเดิมที่เปลี่ยนที่อยู่สัญญาณภาพ ให้ใส่รหัสของกล้องนั้นในคอลัมน์แรก`;
      remarks.warn(first, 'position', reason);
    } else if (group.length > 1) {
      const reason = `ไฟล์นี้มีกล้อง ${group.length} ตัวที่ตำแหน่งเดียวกัน ถ้าเป็นกล้องหลายตัวบนเสาเดียวกัน ถือว่าถูกต้อง`;
      remarks.warn(group[0] ?? first, 'position', reason);
    }
  }
}

function keyOf({ place, url }: Stored): number {
  return pair(place, url);
}
