import type { Transaction } from 'kysely';
import { authorText, type Author } from '../author.ts';
import { takeLock } from '../database/database.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import type { FilledRow } from './filled-form.ts';
import { inFormOrder } from './counts.ts';
import {
  refuseWithoutEvidence,
  storeClassification,
  type Classification,
} from './return-classifications.ts';
import { writeNotes, type RowNote } from './return-notes.ts';
import { takeParts } from './return-parts.ts';
import {
  AwaitingClassification,
  NotOfThisReturn,
  ReturnChangedMeanwhile,
  RoundClosed,
  SentOnAlready,
  SignedInFuture,
} from './return-refusals.ts';
import { rowsOf, storeRows, type ReturnRow } from './return-rows.ts';
import {
  decide,
  nextVersion,
  returnOf,
  setSource,
  setState,
  versionOf,
  type ReturnRowOf,
  type VersionRow,
} from './return-versions.ts';
import { retakeSnapshot } from './retaken-snapshot.ts';
import { roundsOf, type Round } from './rounds.ts';
import type { Signature } from './signature.ts';
import { countedOf, snapshotOf } from './snapshot-cameras.ts';

/**
 * What an LAO, a district or a province returns: LAO → district → province → Department (forms.md §1); an LAO that reports
 * to the province sends there. Nobody sends past the level above. A version that was sent is never changed: sent back or
 * corrected, there is a next one.
 */

export interface Returns {
  /** Throws ReturnNotFound. */
  get(id: string): Promise<ReturnRowOf>;
  versions(id: string): Promise<VersionRow[]>;
  /** Throws ReturnNotFound, ReturnChangedMeanwhile, NotOfThisReturn, CamerasNotOfReturn, RoundClosed. */
  classify(id: string, version: number, given: Classification, author: Author): Promise<void>;
  /** Throws as `classify`. */
  setNotes(id: string, version: number, notes: readonly RowNote[], author: Author): Promise<void>;
  /** The counts of a filled form in place of the registry's. Throws as `classify`. */
  takeForm(id: string, version: number, rows: readonly FilledRow[], author: Author): Promise<void>;
  /** The registry's counts again. Throws as `classify`. */
  dropForm(id: string, version: number): Promise<void>;
  /**
   * Its cameras as they are registered now, in the condition of the cut-off (retaken-snapshot.ts). Throws
   * SnapshotAsRegistered, and as `classify`.
   */
  retake(id: string, version: number, reason: string, author: Author): Promise<void>;
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
      /** Written with the signature, in one act. */
      notes?: readonly RowNote[];
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
        await storeClassification(transaction, of, given, { author, atMs: now() });
      });
    },
    async setNotes(id, version, notes, _author) {
      await acting(id, version, DRAFTS, async (transaction, of) => {
        ofLao(of);
        await writeNotes(transaction, await versionOf(transaction, id, version), notes);
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
    async retake(id, version, reason, author) {
      await acting(id, version, DRAFTS, async (transaction, of) => {
        ofLao(of);
        if ((await versionOf(transaction, id, version)).source === 'form') {
          throw new NotOfThisReturn(
            'its counts are those of a filled form: go back to the registry’s counts first',
          );
        }
        await retakeSnapshot(transaction, of, { author, reason, atMs: now() });
      });
    },
    async submit(id, version, given, author) {
      if (given.signature.date > today()) {
        throw new SignedInFuture('the day of the signature has not come yet');
      }
      await acting(id, version, DRAFTS, async (transaction, of) => {
        const draft = await versionOf(transaction, id, version);
        const notes = given.notes ?? [];
        if (notes.length > 0) ofLao(of);
        await writeNotes(transaction, draft, notes);
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
            submitted_by: authorText(author),
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
    .selectFrom(countedOf(transaction, of, await snapshotOf(transaction, of.id, of.version)))
    .select('camera_id')
    .where('linked', '=', 1)
    .limit(1)
    .executeTakeFirst();
  if (linked !== undefined) {
    throw new NotOfThisReturn(
      'a form with counts alone is for an LAO without linked cameras: classify these instead',
    );
  }
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
