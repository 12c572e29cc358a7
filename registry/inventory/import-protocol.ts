import type { Area } from '../area.ts';
import type { Camera } from '../camera.ts';
import type { ComparedRow, WantedCameras } from '../compared-cameras.ts';
import type { DeletedCamera } from '../deleted-cameras.ts';
import type { ListedNames } from '../leading-names.ts';
import type { FateCounts, RowFate, RowFilter } from './fates.ts';
import type { Operation } from './plan.ts';
import type { RefusalCode } from './workbook-refused.ts';

/** Between the thread that serves (import-run.ts) and the one that reads a file (import-thread.ts). */

export type ToImportThread =
  | {
      type: 'file';
      bytes: Uint8Array;
      areas: readonly Area[];
      /** CIDRs; rows of addresses outside of them are warned of. */
      cameraNetworks: readonly string[] | undefined;
    }
  /** Names that the lists have, and names that lead to those: rows that use one are of the other. Before `existing`. */
  | { type: 'names'; names: ListedNames }
  /** Registered cameras that rows may be about. Asked for by `read`, and again where they have changed since. */
  | { type: 'existing'; cameras: readonly ComparedRow[] }
  /** Those that rows name by their ids and that are not there any more. Before `existing-over`. */
  | { type: 'deleted'; cameras: readonly DeletedCamera[] }
  | { type: 'existing-over' }
  | { type: 'rows'; question: number; show: RowFilter | undefined; after: number; limit: number }
  | { type: 'operations'; question: number; from: number; limit: number };

export type FromImportThread =
  | { type: 'progress'; rows: number }
  | { type: 'refused'; reason: RefusalCode; thai: string }
  | {
      type: 'read';
      rows: number;
      table: ReadTable;
      wanted: WantedCameras;
    }
  | {
      type: 'planned';
      counts: FateCounts;
      operations: number;
      fingerprint: string;
      /** LAOs that the file names, at most two: one, or several. */
      someLaos: readonly Camera['lao'][];
    }
  | { type: 'rows'; question: number; rows: readonly RowFate[] }
  | { type: 'operations'; question: number; operations: readonly Operation[] };

export interface ReadTable {
  format: 'xlsx' | 'csv';
  sheet: string;
  /** Headings that are read, and those that are not of the inventory. */
  headings: readonly string[];
  unknownHeadings: readonly string[];
}
