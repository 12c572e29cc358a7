import type { Readable } from 'node:stream';

/**
 * Where recordings are kept. Objects are written once and never changed. Adapters translate and map errors; when to
 * try again is decided above them (uploader.ts).
 */
export interface ObjectStore {
  /**
   * Keeps a finished file under `key`, and returns once it would outlive a power cut. The file stays where it is.
   * Repeating a put that has succeeded is harmless. Throws ObjectCorrupt when what arrived is not `sha256`,
   * ObjectConflict when the key holds something else, ObjectStoreFull, -Refused, -Unavailable.
   */
  put(key: string, file: FinishedFile): Promise<StoredObject>;
  /** Bytes `start` to `end` (exclusive) of an object. Throws ObjectMissing; ObjectCorrupt, before any byte, where it ends before `end`. */
  read(object: ObjectReference, range: { start: number; end: number }): Promise<Readable>;
  /** What is there. Throws ObjectMissing. */
  stat(object: ObjectReference): Promise<{ byteLength: number; versionId: string | null }>;
  /** Removes it for good; removing what is not there is harmless. Throws ObjectHeld. */
  delete(object: ObjectReference): Promise<void>;
  /** Objects whose key begins with `prefix`, in the order of keys. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /**
   * Keeps an object from being deleted, or allows it again. `guarded` tells whether the store itself refuses the
   * deletion; where it cannot (a bucket without object lock), only the catalogue does.
   */
  hold(object: ObjectReference, held: boolean): Promise<{ guarded: boolean }>;
  /**
   * Has the store itself delete what is older, should nobody else: one rule over all. `set` is false where there is no such
   * rule, or where it would delete what is held (a bucket without object lock).
   */
  backstop(days: number): Promise<{ set: boolean }>;
  close(): void;
}

export interface FinishedFile {
  path: string;
  byteLength: number;
  /** Of the whole file, hexadecimal. */
  sha256: string;
}

export interface ObjectReference {
  key: string;
  /** Null in a store without versions. */
  versionId: string | null;
}

export type StoredObject = ObjectReference;

export interface ListedObject extends ObjectReference {
  byteLength: number;
}

/** Letters of keys that every store takes as they are, in steps that never lead upwards. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*$/;
const MAX_KEY_CHARACTERS = 512;

/** A key is made by the product, never by a user; one that could leave the store's folder is a mistake of ours. */
export function assertKey(key: string): void {
  if (key.length > MAX_KEY_CHARACTERS || !KEY.test(key)) {
    throw new TypeError(`not an object key: ${key}`);
  }
}

/** Nothing is kept under this key. */
export class ObjectMissing extends Error {
  readonly code = 'object_missing';
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`no object ${key}`, options);
    this.key = key;
  }
}

/** The key holds other bytes than those that were to be put. */
export class ObjectConflict extends Error {
  readonly code = 'object_conflict';
  readonly key: string;
  constructor(key: string) {
    super(`the object ${key} is there already, with other content`);
    this.key = key;
  }
}

/** What arrived in the store, or what is put, is not what was hashed. */
export class ObjectCorrupt extends Error {
  readonly code = 'object_corrupt';
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`the content of ${key} is not what was recorded`, options);
    this.key = key;
  }
}

/** A hold keeps it from being deleted. */
export class ObjectHeld extends Error {
  readonly code = 'object_held';
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`a hold keeps the object ${key}`, options);
    this.key = key;
  }
}

/** No room. Worth trying again when somebody has made some. */
export class ObjectStoreFull extends Error {
  readonly code = 'object_store_full';
}

/** The store answers, and says no: wrong keys, no right, no such bucket. An operator has to look. */
export class ObjectStoreRefused extends Error {
  readonly code = 'object_store_refused';
}

/** The store does not answer, or not in time. Worth trying again. */
export class ObjectStoreUnavailable extends Error {
  readonly code: 'object_store_unavailable' | 'object_folder_absent' = 'object_store_unavailable';
}

/** The folder that is there is not the one that recordings were kept in: its disk is not mounted. It says what to do. */
export class ObjectFolderAbsent extends ObjectStoreUnavailable {
  override readonly code = 'object_folder_absent';
}
