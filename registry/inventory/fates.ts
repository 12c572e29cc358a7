import type { Difference, ShownValue } from './differences.ts';
import { labelOf, type CellRemark, type RowReading } from './row-reading.ts';

/** What will become of each row, before anything is written. */
export const fates = ['new', 'changed', 'unchanged', 'refused'] as const;
export type Fate = (typeof fates)[number];

export interface RowFate {
  row: number;
  fate: Fate;
  /** Of the registered camera, where there is one. */
  cameraId: string | null;
  position: string;
  lao: string;
  differences: readonly Difference[];
  /** Of one that is new: each field as it will be stored. */
  values: readonly ShownValue[];
  problems: readonly CellRemark[];
  warnings: readonly CellRemark[];
}

export type FateCounts = Readonly<Record<Fate | 'warned', number>>;

/** Rows of one fate, or those with something worth a look. */
export type RowFilter = Fate | 'warned';

/** By its reading alone, and by what was found of it. */
export function told(
  reading: RowReading,
  fate: Fate,
  more: Partial<Pick<RowFate, 'cameraId' | 'differences' | 'problems' | 'warnings'>> = {},
): RowFate {
  return {
    row: reading.number,
    fate,
    cameraId: null,
    ...labelOf(reading),
    differences: [],
    values: [],
    problems: reading.problems,
    warnings: reading.warnings,
    ...more,
  };
}
