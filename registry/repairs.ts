import { isDeepStrictEqual } from 'node:util';
import type { Selectable, Transaction } from 'kysely';
import { authorOf, authorText, type Author } from './author.ts';
import type { FieldChange } from './camera-changes.ts';
import type { Cameras } from './cameras.ts';
import { DeclaredInFuture } from './declarations.ts';
import { MAX_WARRANTY_YEARS, refuseFarDay } from './far-day.ts';
import {
  bahtOf,
  declarationFor,
  isClosed,
  overdueDays,
  satangOf,
  type NewRepair,
  type Repair,
  type RepairChange,
} from './repair.ts';
import type { RepairCause } from './repair-causes.ts';
import type { RegistryDatabase, RegistryTables, RepairTable } from './schema/tables.ts';
import { thaiDay } from './thai-day.ts';
import { uuidV7Source } from './uuid-v7.ts';

/** Repairs of a camera that are told, and versions of one; older ones stay in the database. */
export const MAX_REPAIRS_TOLD = 200;
const MAX_VERSIONS_TOLD = 200;

/** One change of a repair, newest first. */
export interface RepairVersion {
  version: number;
  atMs: number;
  author: Author;
  /** Empty: it was opened. */
  changes: FieldChange[];
}

export interface Repairs {
  /** Newest first. */
  of(cameraId: string): Promise<Repair[]>;
  history(cameraId: string, id: string): Promise<RepairVersion[]>;
  /**
   * With the declaration that it makes, in one transaction. Throws CameraNotFound, RepairOpenAlready, DeclaredInFuture, DayTooFar.
   */
  open(cameraId: string, given: NewRepair, options: { author: Author }): Promise<Repair>;
  /**
   * A change of its state makes a declaration, in one transaction with it.
   * Throws RepairNotFound, RepairChangedMeanwhile, RepairClosed, CameraNotFound, DeclaredInFuture, DayTooFar.
   */
  change(
    cameraId: string,
    id: string,
    change: RepairChange,
    options: { author: Author; version: number },
  ): Promise<Repair>;
}

export class RepairNotFound extends Error {
  readonly code = 'repair_not_found';
  constructor(id: string) {
    super(`no repair ${id} of this camera`);
  }
}

/** A camera is in one repair at a time: add to the one that is open, or close it first. */
export class RepairOpenAlready extends Error {
  readonly code = 'repair_open_already';
  readonly details: { repairId: string };
  constructor(repairId: string) {
    super('a repair of this camera is open: add to it, or close it first');
    this.details = { repairId };
  }
}

/** What came of it is written; only what it cost and who did it may be filled in later. */
export class RepairClosed extends Error {
  readonly code = 'repair_closed';
  constructor() {
    super('this repair is closed: its state stays; open a new one if the camera broke again');
  }
}

export class RepairChangedMeanwhile extends Error {
  readonly code = 'repair_changed_meanwhile';
  readonly details: { current: Repair };
  constructor(current: Repair) {
    super(`somebody changed the repair meanwhile: it is at version ${current.version} now`);
    this.details = { current };
  }
}

/** The repair log. `now`: Unix ms. */
export function openRepairs(
  database: RegistryDatabase,
  { cameras, now }: { cameras: Pick<Cameras, 'declare'>; now: () => number },
): Repairs {
  const nextId = uuidV7Source(now);

  return {
    async of(cameraId) {
      const rows = await database
        .selectFrom('repairs')
        .selectAll()
        .where('camera_id', '=', cameraId)
        .orderBy('opened_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(MAX_REPAIRS_TOLD)
        .execute();
      return rows.map((row) => repairOf(row, now()));
    },
    async history(cameraId, id) {
      await stored(database, cameraId, id);
      const rows = await database
        .selectFrom('repair_changes')
        .selectAll()
        .where('repair_id', '=', id)
        .orderBy('version', 'desc')
        .limit(MAX_VERSIONS_TOLD)
        .execute();
      return rows.map(({ version, at_ms, author, changes }) => ({
        version,
        atMs: at_ms,
        // Written below, and by nothing else.
        author: authorOf(author),
        changes: JSON.parse(changes) as FieldChange[],
      }));
    },
    async open(cameraId, given, { author }) {
      const atMs = now();
      const today = thaiDay(atMs);
      const reportedOn = given.reportedOn ?? today;
      if (reportedOn > today) throw new DeclaredInFuture(reportedOn);
      refuseFarDays(given, atMs);
      const row: Selectable<RepairTable> = {
        id: nextId(),
        camera_id: cameraId,
        version: 1,
        state: given.state,
        opened_ms: atMs,
        closed_ms: null,
        reported_on: reportedOn,
        reported_by: given.reportedBy ?? author.name,
        cause: given.cause,
        note: given.note,
        contractor: given.contractor,
        warranty_until: given.warrantyUntil,
        due_on: given.dueOn,
        cost_satang: satangOf(given.cost),
        back_on: null,
      };
      const declaration = declarationFor({ ...given, reportedOn, backOn: null }, undefined);
      if (declaration === undefined) throw new Error('an open repair declares its camera');
      // The camera's row is taken first, by its declaration: of two reports at once the second finds the first.
      await cameras.declare(
        [{ cameraId, declaration, author, source: 'repair' }],
        async (transaction) => {
          await refuseSecond(transaction, cameraId);
          await transaction.insertInto('repairs').values(row).execute();
          await insertChange(transaction, row, author, [], atMs);
        },
      );
      return repairOf(row, atMs);
    },
    async change(cameraId, id, change, { author, version }) {
      const atMs = now();
      refuseFarDays(change, atMs);
      const before = await stored(database, cameraId, id);
      const after = changedRow(before, change, atMs);
      const changes = differences(repairOf(before, atMs), repairOf(after, atMs));
      if (before.version === version && changes.length === 0) return repairOf(before, atMs);
      if (isClosed(before.state) && after.state !== before.state) throw new RepairClosed();
      const write = async (transaction: Transaction<RegistryTables>): Promise<void> => {
        const updated = await transaction
          .updateTable('repairs')
          .set({ ...after, version: version + 1 })
          .where('id', '=', id)
          .where('version', '=', version)
          .executeTakeFirstOrThrow();
        if (updated.numUpdatedRows !== 1n) {
          throw new RepairChangedMeanwhile(repairOf(await stored(transaction, cameraId, id), atMs));
        }
        await insertChange(transaction, { ...after, version: version + 1 }, author, changes, atMs);
      };
      const declaration = declarationFor(
        {
          state: after.state,
          cause: after.cause as RepairCause,
          note: after.note,
          unrepairableReason: change.unrepairableReason,
          reportedOn: after.reported_on,
          backOn: after.back_on,
        },
        before.state,
      );
      if (declaration === undefined) {
        await database.transaction().execute(write);
      } else {
        await cameras.declare([{ cameraId, declaration, author, source: 'repair' }], write);
      }
      return repairOf({ ...after, version: version + 1 }, atMs);
    },
  };
}

function refuseFarDays(
  { dueOn, warrantyUntil }: Pick<RepairChange, 'dueOn' | 'warrantyUntil'>,
  nowMs: number,
): void {
  if (typeof dueOn === 'string') refuseFarDay(dueOn, nowMs);
  if (typeof warrantyUntil === 'string') refuseFarDay(warrantyUntil, nowMs, MAX_WARRANTY_YEARS);
}

async function stored(
  from: Pick<RegistryDatabase, 'selectFrom'>,
  cameraId: string,
  id: string,
): Promise<Selectable<RepairTable>> {
  const row = await from
    .selectFrom('repairs')
    .selectAll()
    .where('id', '=', id)
    .where('camera_id', '=', cameraId)
    .executeTakeFirst();
  if (row === undefined) throw new RepairNotFound(id);
  return row;
}

/** As it is told. `nowMs`: by which an open one is late, or not. */
export function repairOf(row: Selectable<RepairTable>, nowMs: number): Repair {
  return {
    id: row.id,
    cameraId: row.camera_id,
    version: row.version,
    state: row.state,
    reportedOn: row.reported_on,
    reportedBy: row.reported_by,
    cause: row.cause,
    note: row.note,
    contractor: row.contractor,
    warrantyUntil: row.warranty_until,
    dueOn: row.due_on,
    cost: bahtOf(row.cost_satang),
    backOn: row.back_on,
    openedAt: new Date(row.opened_ms).toISOString(),
    closedAt: row.closed_ms === null ? null : new Date(row.closed_ms).toISOString(),
    overdueDays: overdueDays({ state: row.state, dueOn: row.due_on }, thaiDay(nowMs)),
  };
}

async function refuseSecond(
  transaction: Transaction<RegistryTables>,
  cameraId: string,
): Promise<void> {
  const open = await transaction
    .selectFrom('repairs')
    .select('id')
    .where('camera_id', '=', cameraId)
    .where('closed_ms', 'is', null)
    .executeTakeFirst();
  if (open !== undefined) throw new RepairOpenAlready(open.id);
}

function changedRow(
  before: Selectable<RepairTable>,
  change: RepairChange,
  atMs: number,
): Selectable<RepairTable> {
  const state = change.state ?? before.state;
  const closing = isClosed(state) && !isClosed(before.state);
  return {
    ...before,
    state,
    closed_ms: closing ? atMs : before.closed_ms,
    reported_on: given(change.reportedOn, before.reported_on),
    reported_by: given(change.reportedBy, before.reported_by),
    cause: given(change.cause, before.cause),
    note: given(change.note, before.note),
    contractor: given(change.contractor, before.contractor),
    warranty_until: given(change.warrantyUntil, before.warranty_until),
    due_on: given(change.dueOn, before.due_on),
    cost_satang: change.cost === undefined ? before.cost_satang : satangOf(change.cost),
    back_on: closing ? (change.backOn ?? thaiDay(atMs)) : before.back_on,
  };
}

function given<Value>(value: NoInfer<Value> | undefined, old: Value): Value {
  return value === undefined ? old : value;
}

const told = [
  'state',
  'reportedOn',
  'reportedBy',
  'cause',
  'note',
  'contractor',
  'warrantyUntil',
  'dueOn',
  'cost',
  'backOn',
] as const satisfies readonly (keyof Repair)[];

function differences(before: Repair, after: Repair): FieldChange[] {
  return told
    .filter((field) => !isDeepStrictEqual(before[field], after[field]))
    .map((field) => [field, before[field], after[field]]);
}

async function insertChange(
  transaction: Transaction<RegistryTables>,
  { id, version }: Pick<RepairTable, 'id' | 'version'>,
  author: Author,
  changes: readonly FieldChange[],
  atMs: number,
): Promise<void> {
  await transaction
    .insertInto('repair_changes')
    .values({
      repair_id: id,
      version,
      at_ms: atMs,
      author: authorText(author),
      changes: JSON.stringify(changes),
    })
    .execute();
}
