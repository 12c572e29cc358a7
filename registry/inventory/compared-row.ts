import type { NewCamera } from '../camera.ts';
import type { ComparedCamera } from '../compared-cameras.ts';
import type { LeadingName } from '../leading-names.ts';
import type { NamedSource } from './named-lists.ts';
import type { CellRemark, GivenCamera, RowReading } from './row-reading.ts';

/** A row of the file that can be read, and a registered camera, while it is found out which of them belong together. */

export interface Row {
  reading: RowReading;
  /** As the row says, of the LAO that the list has by that name. */
  given: GivenCamera;
  /** The row's name of its LAO, where that is not the name of the one in `given`, or of none. */
  ledBy: LeadingName | undefined;
  /** The list has no LAO by the row's name, nor one that it leads to. */
  isLaoUnknown: boolean;
  source: NamedSource;
  /** Numbers of what it names (`Numbers`): its LAO, its position there, and its stream; 0: not linked, or the file does not say. */
  lao: number;
  place: number;
  url: number;
  stored: Stored | undefined;
  /** Of an earlier row with its position and stream. */
  repeats: number | undefined;
  /** The camera that can be made of it; undefined: not known yet, or not possible. */
  asNew: NewCamera | undefined;
  problems: readonly CellRemark[];
  /** Those that come from the file alone. */
  ownProblems: readonly CellRemark[];
  warnings: readonly CellRemark[];
}

export interface Stored {
  camera: ComparedCamera;
  lao: number;
  place: number;
  url: number;
  /** Which is about it. */
  row: Row | undefined;
}

/** Whoever comes first has it. */
export function claim(row: Row, stored: Stored): void {
  if (stored.row !== undefined) return;
  stored.row = row;
  row.stored = stored;
}

/** For whoever reads that another one is there. */
export function nameOf(one: Row | Stored): string {
  return 'reading' in one
    ? `แถวที่ ${one.reading.number}`
    : `กล้องที่ลงทะเบียนแล้ว (รหัส ${one.camera.id})`;
}
