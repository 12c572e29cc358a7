import type { Insertable, Kysely, Selectable, Transaction } from 'kysely';
import type { Author } from '../author.ts';
import { authorText } from '../camera-rows.ts';
import { takeLock } from '../database/database.ts';
import type {
  SurveyClassificationTable,
  SurveyReturnTable,
  SurveyVersionTable,
} from '../schema/survey-tables.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import type { SurveyColumn } from '../condition.ts';
import type { FilledRow } from './filled-form.ts';
import { inFormOrder } from './counts.ts';
import {
  acceptedParts,
  rowsOf,
  storeRows,
  type ReturnPart,
  type ReturnRow,
} from './return-rows.ts';
import { roundsOf, type Round } from './rounds.ts';
import type { Signature } from './signature.ts';

/**
 * What an LAO, a district or a province returns: LAO → district → province → Department (forms.md §1); an LAO that reports
 * to the province sends there. Nobody sends past the level above. A version that was sent is never changed: sent back or
 * corrected, there is a next one.
 */

export type ReturnRowOf = Selectable<SurveyReturnTable>;
export type VersionRow = Selectable<SurveyVersionTable>;

/** What somebody says of cameras, in one act. */
export interface Classification {
  cameras: readonly string[];
  /** Null: what each counts as already, which is thereby said. */
  status: SurveyColumn | null;
  reason: string | null;
  note: string | null;
  /** ISO day on which somebody stood before them; null: nobody did. */
  inspectedOn: string | null;
}

export class ReturnNotFound extends Error {
  readonly code = 'survey_return_not_found';
  constructor(id: string) {
    super(`no return ${id}`);
  }
}

/** Somebody was faster: it is at another version, or was sent, accepted or sent back meanwhile. */
export class ReturnChangedMeanwhile extends Error {
  readonly code = 'survey_return_changed_meanwhile';
  readonly details: { version: number; state: string };
  constructor({ version, state }: Pick<ReturnRowOf, 'version' | 'state'>) {
    super(`the return is at version ${version} and ${state} now: look at it again`);
    this.details = { version, state };
  }
}

/** The round is closed. */
export class RoundClosed extends Error {
  readonly code = 'survey_round_closed';
}

/** Cameras that were neither seen, nor declared lately, nor inspected. */
export class EvidenceMissing extends Error {
  readonly code = 'survey_evidence_missing';
  readonly details: { count: number; cameras: string[] };
  constructor(count: number, cameras: string[]) {
    super(
      `${count} cameras were neither seen in the window nor declared lately: inspect them on site and say so`,
    );
    this.details = { count, cameras };
  }
}

/** Cameras were seen damaged, and nobody has said what they are. */
export class AwaitingClassification extends Error {
  readonly code = 'survey_awaiting_classification';
  readonly details: { count: number };
  constructor(count: number) {
    super(`${count} cameras await classification: classify them, or sign them as under repair`);
    this.details = { count };
  }
}

/** Returns below have not been accepted. */
export class PartsMissing extends Error {
  readonly code = 'survey_parts_missing';
  readonly details: { count: number; names: string[] };
  constructor(names: string[]) {
    super(`${names.length} returns below are not accepted: wait for them, or say why without them`);
    this.details = { count: names.length, names: names.slice(0, MAX_NAMED) };
  }
}

/** Of the return's snapshot there are no such cameras. */
export class CamerasNotOfReturn extends Error {
  readonly code = 'survey_cameras_not_of_return';
  readonly details: { cameras: string[] };
  constructor(cameras: string[]) {
    super('not cameras of this return');
    this.details = { cameras: cameras.slice(0, MAX_NAMED) };
  }
}

/** What is asked makes no sense of such a return: a district has no cameras of its own to classify. */
export class NotOfThisReturn extends Error {
  readonly code = 'survey_not_of_this_return';
}

/** What went up cannot be sent back while it is part of what was sent on. */
export class SentOnAlready extends Error {
  readonly code = 'survey_sent_on_already';
}

/** A form is signed when it is filled in, not before. */
export class SignedInFuture extends Error {
  readonly code = 'survey_signed_in_future';
}

const MAX_NAMED = 200;
/** Cameras of one act. */
export const MAX_CLASSIFIED_AT_ONCE = 500;

export interface Returns {
  /** Throws ReturnNotFound. */
  get(id: string): Promise<ReturnRowOf>;
  versions(id: string): Promise<VersionRow[]>;
  /** Throws ReturnNotFound, ReturnChangedMeanwhile, NotOfThisReturn, CamerasNotOfReturn, RoundClosed. */
  classify(id: string, version: number, given: Classification, author: Author): Promise<void>;
  /** Throws as `classify`. */
  setNotes(
    id: string,
    version: number,
    notes: readonly { budgetSource: string; note: string }[],
    author: Author,
  ): Promise<void>;
  /** The counts of a filled form in place of the registry's. Throws as `classify`. */
  takeForm(id: string, version: number, rows: readonly FilledRow[], author: Author): Promise<void>;
  /** The registry's counts again. Throws as `classify`. */
  dropForm(id: string, version: number): Promise<void>;
  /** Throws EvidenceMissing, AwaitingClassification, PartsMissing, SignedInFuture, and as `classify`. */
  submit(
    id: string,
    version: number,
    given: {
      signature: Signature;
      /** Those that await classification are signed as under repair. */
      acceptProvisional: boolean;
      /** Why returns below are missing. */
      incompleteReason: string | null;
    },
    author: Author,
  ): Promise<void>;
  /** By the level above. Throws ReturnNotFound, ReturnChangedMeanwhile, RoundClosed. */
  accept(id: string, version: number, author: Author): Promise<void>;
  /**
   * By the level above; the next version begins as this one was. `state`: as it was looked at, for one that somebody else
   * has just accepted is not taken back unknowingly. Throws as `accept`, SentOnAlready.
   */
  sendBack(
    id: string,
    version: number,
    given: { state: 'submitted' | 'accepted'; reason: string },
    author: Author,
  ): Promise<void>;
  /** By whoever sent it: the next version. Throws as `accept`. */
  correct(id: string, version: number, reason: string, author: Author): Promise<void>;
}

export function openReturns(
  database: RegistryDatabase,
  { now, today }: { now: () => number; today: () => string },
): Returns {
  /** One act upon a return, alone; those of one round that sum up others wait for each other. */
  async function acting<Result>(
    id: string,
    version: number,
    states: readonly ReturnRowOf['state'][],
    act: (
      transaction: Transaction<RegistryTables>,
      of: ReturnRowOf,
      round: Round,
    ) => Promise<Result>,
  ): Promise<Result> {
    return database.transaction().execute(async (transaction) => {
      const roundId = (await returnOf(transaction, id)).round_id;
      await takeLock(transaction, `survey-returns-${roundId}`);
      const of = await returnOf(transaction, id);
      const [round] = await roundsOf(transaction, [of.round_id]);
      if (round === undefined || round.state !== 'frozen') {
        throw new RoundClosed('the round is closed: nothing of it changes any more');
      }
      if (of.version !== version || !states.includes(of.state))
        throw new ReturnChangedMeanwhile(of);
      return act(transaction, of, round);
    });
  }

  return {
    get: async (id) => returnOf(database, id),
    async versions(id) {
      return database
        .selectFrom('survey_versions')
        .selectAll()
        .where('return_id', '=', id)
        .orderBy('version')
        .execute();
    },
    async classify(id, version, given, author) {
      await acting(id, version, DRAFTS, async (transaction, of) => {
        ofLao(of);
        const ids = [...new Set(given.cameras)];
        const present = await statusesOfReturn(transaction, of, ids);
        const others = ids.filter((camera) => !present.has(camera));
        if (others.length > 0) throw new CamerasNotOfReturn(others);
        const said = {
          reason_code: given.reason,
          note: given.note,
          inspected_on: given.inspectedOn,
          by: JSON.stringify(authorText(author)),
          at_ms: now(),
        } satisfies Partial<Insertable<SurveyClassificationTable>>;
        for (const [status, cameras] of byStatus(ids, given.status, present)) {
          for (let at = 0; at < cameras.length; at += IDS_A_STATEMENT) {
            await transaction
              .insertInto('survey_classifications')
              .values(
                cameras.slice(at, at + IDS_A_STATEMENT).map((camera) => ({
                  return_id: id,
                  version,
                  camera_id: camera,
                  status,
                  ...said,
                })),
              )
              .onConflict((conflict) =>
                conflict
                  .columns(['return_id', 'version', 'camera_id'])
                  .doUpdateSet({ status, ...said }),
              )
              .execute();
          }
        }
      });
    },
    async setNotes(id, version, notes, _author) {
      await acting(id, version, DRAFTS, async (transaction, of) => {
        ofLao(of);
        const draft = await versionOf(transaction, id, version);
        if (draft.source === 'form') {
          for (const { budgetSource, note } of notes) {
            await transaction
              .updateTable('survey_rows')
              .set({ note })
              .where('return_id', '=', id)
              .where('version', '=', version)
              .where('budget_source', '=', budgetSource)
              .execute();
          }
        }
        for (const { budgetSource, note } of notes) {
          await transaction
            .insertInto('survey_notes')
            .values({ return_id: id, version, budget_source: budgetSource, note })
            .onConflict((conflict) =>
              conflict.columns(['return_id', 'version', 'budget_source']).doUpdateSet({ note }),
            )
            .execute();
        }
      });
    },
    async takeForm(id, version, rows, author) {
      await acting(id, version, DRAFTS, async (transaction, of) => {
        ofLao(of);
        await refuseIfLinked(transaction, of);
        await setSource(transaction, id, version, 'form', author, now());
        const ordered = rows
          .map((row): ReturnRow => ({
            province: of.province,
            district: of.district,
            lao: of.name,
            laoId: of.lao_id ?? '',
            budgetSource: row.budgetSource,
            budgetSourceId: null,
            total: row.total,
            working: row.working,
            underRepair: row.underRepair,
            unrepairable: row.unrepairable,
            awaiting: 0,
            note: row.note,
          }))
          .toSorted(inFormOrder);
        await storeRows(transaction, id, version, ordered);
      });
    },
    async dropForm(id, version) {
      await acting(id, version, DRAFTS, async (transaction) => {
        await storeRows(transaction, id, version, []);
        await transaction
          .updateTable('survey_versions')
          .set({ source: 'registry' })
          .where('return_id', '=', id)
          .where('version', '=', version)
          .execute();
      });
    },
    async submit(id, version, given, author) {
      if (given.signature.date > today()) {
        throw new SignedInFuture('the day of the signature has not come yet');
      }
      await acting(id, version, DRAFTS, async (transaction, of) => {
        const draft = await versionOf(transaction, id, version);
        const rows = await rowsOf(transaction, of, draft);
        if (of.level !== 'lao') await takeParts(transaction, of, given.incompleteReason);
        else if (draft.source === 'registry') {
          await refuseWithoutEvidence(transaction, of);
          const awaiting = rows.reduce((sum, row) => sum + row.awaiting, 0);
          if (awaiting > 0 && !given.acceptProvisional) throw new AwaitingClassification(awaiting);
        }
        await storeRows(transaction, id, version, rows);
        await transaction
          .updateTable('survey_versions')
          .set({
            state: 'submitted',
            signature: JSON.stringify(given.signature),
            submitted_ms: now(),
            submitted_by: JSON.stringify(authorText(author)),
            incomplete_reason: of.level === 'lao' ? null : given.incompleteReason,
          })
          .where('return_id', '=', id)
          .where('version', '=', version)
          .execute();
        await setState(transaction, id, 'submitted', version);
      });
    },
    async accept(id, version, author) {
      await acting(id, version, ['submitted'], async (transaction) => {
        await decide(transaction, id, version, 'accepted', author, null, now());
        await setState(transaction, id, 'accepted', version);
      });
    },
    async sendBack(id, version, { state, reason }, author) {
      await acting(id, version, [state], async (transaction, of) => {
        if (of.state === 'accepted') await refuseIfSentOn(transaction, of);
        await decide(transaction, id, version, 'sent-back', author, reason, now());
        await nextVersion(transaction, of, author, null, now());
        await setState(transaction, id, 'sent-back', version + 1);
      });
    },
    async correct(id, version, reason, author) {
      await acting(id, version, ['submitted', 'accepted'], async (transaction, of) => {
        await nextVersion(transaction, of, author, reason, now());
        await setState(transaction, id, 'draft', version + 1);
      });
    },
  };
}

const DRAFTS: readonly ReturnRowOf['state'][] = ['draft', 'sent-back'];
const IDS_A_STATEMENT = 500;

/** Which versions of the returns below a version is made of: fixed once it was sent. */
export async function partsOf(
  database: Kysely<RegistryTables>,
  id: string,
  { version, state }: Pick<VersionRow, 'version' | 'state'>,
): Promise<ReturnPart[]> {
  if (state === 'draft') return acceptedParts(database, id);
  const rows = await database
    .selectFrom('survey_parts')
    .select(['part_id', 'part_version'])
    .where('return_id', '=', id)
    .where('version', '=', version)
    .orderBy('part_id')
    .execute();
  return rows.map(({ part_id, part_version }) => ({ returnId: part_id, version: part_version }));
}

async function returnOf(database: Kysely<RegistryTables>, id: string): Promise<ReturnRowOf> {
  const row = await database
    .selectFrom('survey_returns')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new ReturnNotFound(id);
  return row;
}

async function versionOf(
  database: Kysely<RegistryTables>,
  id: string,
  version: number,
): Promise<VersionRow> {
  return database
    .selectFrom('survey_versions')
    .selectAll()
    .where('return_id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
}

function ofLao({ level }: ReturnRowOf): void {
  if (level !== 'lao') {
    throw new NotOfThisReturn(
      'cameras, notes and forms are an LAO’s: send its return back instead',
    );
  }
}

/** What is linked is counted, and nobody needs to count it by hand. */
async function refuseIfLinked(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
): Promise<void> {
  const linked = await transaction
    .selectFrom('survey_cameras')
    .select('camera_id')
    .where('round_id', '=', of.round_id)
    .where('lao_id', '=', of.lao_id ?? '')
    .where('linked', '=', 1)
    .limit(1)
    .executeTakeFirst();
  if (linked !== undefined) {
    throw new NotOfThisReturn(
      'a form with counts alone is for an LAO without linked cameras: classify these instead',
    );
  }
}

/** What cameras of the return count as in its draft; those that are not of it are left out. */
async function statusesOfReturn(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  ids: readonly string[],
): Promise<Map<string, SurveyColumn>> {
  const found = new Map<string, SurveyColumn>();
  for (let at = 0; at < ids.length; at += IDS_A_STATEMENT) {
    const rows = await transaction
      .selectFrom('survey_cameras')
      .leftJoin('survey_classifications', (join) =>
        join
          .onRef('survey_classifications.camera_id', '=', 'survey_cameras.camera_id')
          .on('survey_classifications.return_id', '=', of.id)
          .on('survey_classifications.version', '=', of.version),
      )
      .select([
        'survey_cameras.camera_id',
        'survey_cameras.status',
        'survey_classifications.status as said',
      ])
      .where('survey_cameras.round_id', '=', of.round_id)
      .where('survey_cameras.lao_id', '=', of.lao_id ?? '')
      .where('survey_cameras.camera_id', 'in', ids.slice(at, at + IDS_A_STATEMENT))
      .execute();
    for (const { camera_id, status, said } of rows) found.set(camera_id, said ?? status);
  }
  return found;
}

function byStatus(
  ids: readonly string[],
  given: SurveyColumn | null,
  present: ReadonlyMap<string, SurveyColumn>,
): Map<SurveyColumn, string[]> {
  return Map.groupBy(ids, (id) => given ?? present.get(id) ?? 'working');
}

/** Every camera of the frozen snapshot: seen, declared lately, or spoken of in this return. Later changes do not matter. */
async function refuseWithoutEvidence(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
): Promise<void> {
  const missing = await withoutEvidence(transaction, of);
  if (missing.length > 0) throw new EvidenceMissing(missing.length, missing.slice(0, MAX_NAMED));
}

export async function withoutEvidence(
  database: Kysely<RegistryTables>,
  of: ReturnRowOf,
): Promise<string[]> {
  const rows = await database
    .selectFrom('survey_cameras')
    .leftJoin('survey_classifications', (join) =>
      join
        .onRef('survey_classifications.camera_id', '=', 'survey_cameras.camera_id')
        .on('survey_classifications.return_id', '=', of.id)
        .on('survey_classifications.version', '=', of.version),
    )
    .select('survey_cameras.camera_id')
    .where('survey_cameras.round_id', '=', of.round_id)
    .where('survey_cameras.lao_id', '=', of.lao_id ?? '')
    .where('survey_cameras.evidence', '=', 0)
    .where('survey_classifications.camera_id', 'is', null)
    .orderBy('survey_cameras.camera_id')
    .execute();
  return rows.map(({ camera_id }) => camera_id);
}

/** Fixes what the version is made of. Throws PartsMissing, unless it is said why. */
async function takeParts(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  incompleteReason: string | null,
): Promise<void> {
  const parts = await acceptedParts(transaction, of.id);
  const missing = await waitingFor(transaction, of.id, parts);
  if (missing.length > 0 && incompleteReason === null) throw new PartsMissing(missing);
  for (let at = 0; at < parts.length; at += IDS_A_STATEMENT) {
    await transaction
      .insertInto('survey_parts')
      .values(
        parts.slice(at, at + IDS_A_STATEMENT).map(({ returnId, version }) => ({
          return_id: of.id,
          version: of.version,
          part_id: returnId,
          part_version: version,
        })),
      )
      .execute();
  }
}

/** Names of the returns below of which no version is among `parts`. */
export async function waitingFor(
  database: Kysely<RegistryTables>,
  parentId: string,
  parts: readonly ReturnPart[],
): Promise<string[]> {
  const there = new Set(parts.map(({ returnId }) => returnId));
  const rows = await database
    .selectFrom('survey_returns')
    .select(['id', 'name'])
    .where('parent_id', '=', parentId)
    .orderBy('name')
    .execute();
  return rows.filter(({ id }) => !there.has(id)).map(({ name }) => name);
}

async function refuseIfSentOn(
  transaction: Transaction<RegistryTables>,
  { parent_id }: ReturnRowOf,
): Promise<void> {
  if (parent_id === null) return;
  const parent = await returnOf(transaction, parent_id);
  if (DRAFTS.includes(parent.state)) return;
  throw new SentOnAlready(
    `${parent.name} has sent it on: it is sent back from above, or corrected, before this one can be sent back`,
  );
}

async function setState(
  transaction: Transaction<RegistryTables>,
  id: string,
  state: ReturnRowOf['state'],
  version: number,
): Promise<void> {
  await transaction
    .updateTable('survey_returns')
    .set({ state, version })
    .where('id', '=', id)
    .execute();
}

async function setSource(
  transaction: Transaction<RegistryTables>,
  id: string,
  version: number,
  source: VersionRow['source'],
  author: Author,
  atMs: number,
): Promise<void> {
  await transaction
    .updateTable('survey_versions')
    .set({ source, made_by: JSON.stringify(authorText(author)), made_ms: atMs })
    .where('return_id', '=', id)
    .where('version', '=', version)
    .execute();
}

async function decide(
  transaction: Transaction<RegistryTables>,
  id: string,
  version: number,
  state: 'accepted' | 'sent-back',
  author: Author,
  reason: string | null,
  atMs: number,
): Promise<void> {
  await transaction
    .updateTable('survey_versions')
    .set({
      state,
      decided_ms: atMs,
      decided_by: JSON.stringify(authorText(author)),
      decided_reason: reason,
    })
    .where('return_id', '=', id)
    .where('version', '=', version)
    .execute();
}

/** Begins as the present one was, with what was said of its cameras; unsigned. */
async function nextVersion(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  author: Author,
  reason: string | null,
  atMs: number,
): Promise<void> {
  const version = of.version + 1;
  const before = await versionOf(transaction, of.id, of.version);
  await transaction
    .insertInto('survey_versions')
    .values({
      return_id: of.id,
      version,
      state: 'draft',
      source: before.source,
      made_ms: atMs,
      made_by: JSON.stringify(authorText(author)),
      correction_reason: reason,
      signature: null,
      submitted_ms: null,
      submitted_by: null,
      incomplete_reason: null,
      decided_ms: null,
      decided_by: null,
      decided_reason: null,
    })
    .execute();
  if (before.source === 'form') {
    await storeRows(transaction, of.id, version, await rowsOf(transaction, of, before));
  }
  const said = await transaction
    .selectFrom('survey_classifications')
    .selectAll()
    .where('return_id', '=', of.id)
    .where('version', '=', of.version)
    .execute();
  for (let at = 0; at < said.length; at += IDS_A_STATEMENT) {
    await transaction
      .insertInto('survey_classifications')
      .values(said.slice(at, at + IDS_A_STATEMENT).map((row) => ({ ...row, version })))
      .execute();
  }
  const notes = await transaction
    .selectFrom('survey_notes')
    .selectAll()
    .where('return_id', '=', of.id)
    .where('version', '=', of.version)
    .execute();
  if (notes.length === 0) return;
  await transaction
    .insertInto('survey_notes')
    .values(notes.map((row) => ({ ...row, version })))
    .execute();
}
