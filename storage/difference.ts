import type { OtherSpool, SpoolId } from './catalogue/spools.ts';
import type { Catalogue } from './catalogue/tables.ts';
import type { ObjectStore } from './objects/object-store.ts';

/** Where catalogue, store and spool disagree, as it is told, and by what it is looked for. */

export type DifferenceKind =
  /** A row says that it is stored, and it is not. */
  | 'object-missing'
  /** The object is not as long as its row says. */
  | 'object-length'
  /** `deep`: its bytes are not those that were hashed. Of one that was taken for lost and is there again at a repair too. */
  | 'object-corrupt'
  /** No row knows the object. */
  | 'object-unknown'
  /** It was deleted, and is there. */
  | 'object-undeleted'
  /** A row waits to be put, and another object lies where it is to go (`deep`: also one of the same length). */
  | 'object-conflict'
  /** A row waits to be put, and its file is not there. */
  | 'spool-file-missing'
  /** No row knows the spool file, or its row says that it lies in another spool. */
  | 'spool-file-unknown'
  /** It was taken for lost, and the bytes of its file are not those that were hashed. */
  | 'spool-file-corrupt'
  /** At a repair: it cannot be read, or the catalogue does not take what it says. */
  | 'spool-file-refused'
  /** `giveUp`: it waits in the spool that is given up. */
  | 'spool-given-up'
  /** It is stored, and its spool file was not removed. */
  | 'spool-file-left'
  /** The recording before it in its run is not the one that it names. */
  | 'chain-broken'
  /** What is counted of a camera's day is not what its rows say: the sums of what is used are wrong, and whether a day was sealed whole. */
  | 'day-miscounted';

export interface Difference {
  kind: DifferenceKind;
  cameraId: string;
  /** Of `day-miscounted`: the day. */
  recordingId: string;
  objectKey: string | null;
  /** What was done about it, or null. */
  repaired: string | null;
}

export interface Reconciliation {
  recordings: number;
  objects: number;
  spoolFiles: number;
  /** What waits in those of other gateways: it is looked at there. */
  otherSpools: OtherSpool[];
  differences: Difference[];
  /** Beyond those named. */
  further: number;
}

export interface ReconcileOptions {
  catalogue: Catalogue;
  store: ObjectStore;
  spoolFolder: string;
  spoolId: SpoolId;
  /** A live recorder has it open. */
  isOpen: (recordingId: string) => boolean;
  newId: () => string;
  now: () => number;
  /** Mend what can be mended. */
  repair: boolean;
  /** With `repair`: what waits in this spool of another gateway is taken for lost, for that one does not come back. */
  giveUp?: string | undefined;
  /** Read and hash every object too. */
  deep: boolean;
}
