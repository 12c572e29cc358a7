import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { Author } from '#registry/author.ts';
import type { NewDeclaration } from '#registry/declarations.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { withoutEvidence } from '#registry/survey/return-classifications.ts';
import { listedReturn, listReturns } from '#registry/survey/return-list.ts';
import { partsOf, waitingFor } from '#registry/survey/return-parts.ts';
import { retakesOf } from '#registry/survey/retaken-snapshot.ts';
import { ReturnNotFound } from '#registry/survey/return-refusals.ts';
import { acceptedParts, rowsOf, totalsOf } from '#registry/survey/return-rows.ts';
import type { ReturnRowOf, VersionRow } from '#registry/survey/return-versions.ts';
import type { Returns } from '#registry/survey/returns.ts';
import { typedLine } from '#registry/text.ts';
import { actingIn, asThemselves } from '../auth/acting.ts';
import type { AuditAction } from '../audit/actions.ts';
import { authorOf } from '../auth/actor.ts';
import { errorBody } from '../errors.ts';
import { actsUpon, readableArea, type fillingOf } from '../survey-rights.ts';
import { returnDetail, toldReturn, toldVersion } from './survey-return-json.ts';

/** What each request about a return wants: who may, what is written down of it, and the return as it is told after it. */

export const MAX_TEXT = 200;
export const MAX_REASON = 500;
const MAX_NOTE = 200;
const MAX_NOTES = 500;
const MAX_CHILDREN = 500;

export const params = z.object({ returnId: z.string() });
export const version = z
  .int()
  .min(1)
  .meta({ description: 'that was looked at: another means that somebody was faster' });
export const givenVersion = z.coerce.number().int().min(1);
export const reason = typedLine(MAX_REASON);
/** หมายเหตุ of rows: saved by themselves, or with the signature. */
export const rowNotes = z
  .array(
    z.strictObject({
      budgetSource: typedLine(MAX_TEXT),
      note: z.string().trim().max(MAX_NOTE).normalize('NFC'),
    }),
  )
  .max(MAX_NOTES);
export const exampleId = '019aa0b2-6a00-7000-8000-000000000000';

export const changed = {
  200: returnDetail,
  400: errorBody,
  404: errorBody,
  409: errorBody,
};

export interface SurveyReturnDeps {
  registry: RegistryDatabase;
  returns: Returns;
  /** Declares cameras as they were classified. */
  declare: (
    cameraIds: readonly string[],
    said: NewDeclaration,
    before: { cutOffMs: number },
    author: Author,
  ) => Promise<void>;
  now: () => number;
}

export interface ReturnRequests {
  /** Throws ReturnNotFound: also of one that the actor may not read. */
  readable: (request: FastifyRequest, id: string) => Promise<ReturnRowOf>;
  /** Throws what a client is told who may not. */
  permitted: (
    request: FastifyRequest,
    id: string,
    rightOf: typeof fillingOf,
  ) => Promise<ReturnRowOf>;
  /** One of its versions; left out: the newest. Throws ReturnNotFound. */
  versionOf: (of: ReturnRowOf, asked: number | undefined) => Promise<VersionRow>;
  told: (
    request: FastifyRequest,
    id: string,
    shownVersion?: number,
  ) => Promise<z.infer<typeof returnDetail>>;
}

export function returnRequests({ registry, returns, now }: SurveyReturnDeps): ReturnRequests {
  async function readable(request: FastifyRequest, id: string): Promise<ReturnRowOf> {
    const of = await returns.get(id);
    await readableArea(registry, request.actor, of);
    return of;
  }

  async function permitted(
    request: FastifyRequest,
    id: string,
    rightOf: typeof fillingOf,
  ): Promise<ReturnRowOf> {
    const of = await returns.get(id);
    const { action, area } = rightOf(of, await readableArea(registry, request.actor, of));
    await request.permit(action, { kind: 'area', area });
    return of;
  }

  async function told(
    request: FastifyRequest,
    id: string,
    shownVersion?: number,
  ): Promise<z.infer<typeof returnDetail>> {
    const of = await readable(request, id);
    const listed = await listedReturn(registry, of, now());
    const closed = listed.round.state === 'closed';
    const versions = await returns.versions(id);
    const retakes = await retakesOf(registry, id);
    const shown = oneOf(versions, of, shownVersion);
    const rows = await rowsOf(registry, of, shown);
    const parts = of.level === 'lao' ? [] : await acceptedParts(registry, id);
    const madeOf = of.level === 'lao' ? [] : await partsOf(registry, id, shown);
    const children =
      of.level === 'lao'
        ? []
        : await listReturns(
            registry,
            listed.round,
            { within: [{ level: 'country' }], parentId: id },
            { limit: MAX_CHILDREN, nowMs: now() },
          );
    const drafted = of.level === 'lao' && shown.state === 'draft' && shown.source === 'registry';
    const totals = totalsOf(rows);
    const acts = await actsUpon(registry, request.actor, [of, ...children.map((one) => one.of)], {
      closed,
    });
    return {
      ...toldReturn(listed, acts.get(id) ?? []),
      shown: toldVersion(shown, retakes),
      rows: rows.map((row, index) => ({ ordinal: index + 1, ...row })),
      totals,
      toDo: {
        awaiting: drafted ? totals.awaiting : 0,
        withoutEvidence: drafted ? (await withoutEvidence(registry, of)).length : 0,
      },
      children: children.map((one) => toldReturn(one, acts.get(one.of.id) ?? [])),
      waitingFor: of.level === 'lao' ? [] : await waitingFor(registry, id, parts),
      stale:
        shown.state !== 'draft' &&
        parts.some(
          ({ returnId, version: newest }) =>
            madeOf.find((part) => part.returnId === returnId)?.version !== newest,
        ),
      versions: versions.map((one) => toldVersion(one, retakes)),
    };
  }

  async function versionOf(of: ReturnRowOf, asked: number | undefined): Promise<VersionRow> {
    return oneOf(await returns.versions(of.id), of, asked);
  }

  return { readable, permitted, versionOf, told };
}

export async function record(
  request: FastifyRequest,
  action: AuditAction,
  of: ReturnRowOf,
  more: { why?: string; detail?: Record<string, unknown> } = {},
): Promise<void> {
  await request.record(
    action,
    { kind: 'survey-return', id: of.id, label: `${of.name} ${of.province}` },
    { why: more.why, detail: { version: of.version, ...more.detail } },
  );
}

function oneOf(
  versions: readonly VersionRow[],
  of: ReturnRowOf,
  asked: number | undefined,
): VersionRow {
  const shown = versions.find((one) => one.version === (asked ?? of.version));
  if (shown === undefined) throw new ReturnNotFound(`${of.id}, version ${asked}`);
  return shown;
}

/** A district that fills in for an LAO does so as its proxy. */
export function returnAuthor(request: FastifyRequest, of: ReturnRowOf): Author {
  const actor = actingIn(request);
  if (of.level !== 'lao') return asThemselves(actor);
  return authorOf(actor, { name: of.name, district: of.district, province: of.province });
}
