import * as z from 'zod';
import type { LiveStates } from '#ingest/live-states.ts';
import { declarations, purposes, scopes } from '#registry/camera.ts';
import type { Conditions } from '#registry/events/condition-board.ts';
import { liveStateJson } from '../live-state-json.ts';

const MAX_TEXT = 200;

const filterText = z.string().trim().min(1).max(MAX_TEXT);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** What is seen is counted besides; a stream that is up may be degraded. */
const seenNames = ['degraded', 'unknown'] as const;
const observedNames = [...liveStateJson.shape.state.options, ...seenNames] as const;

/** Which cameras, as lists and exports are asked; what is left out does not narrow. */
export const cameraFilter = {
  q: filterText.optional().meta({
    description: 'words that must all be in position, place, agency, brand, model or site',
    examples: ['ตลาด'],
  }),
  province: filterText.optional(),
  district: filterText.optional(),
  lao: filterText.optional().meta({
    description:
      'by any spelling (ทต.ก or เทศบาลตำบลก), or by its id; one that was merged means the one that it was merged into',
  }),
  purpose: z.enum(purposes).optional(),
  declared: z.enum(declarations).optional(),
  observed: z.enum(observedNames).optional().meta({
    description:
      'the state of its stream now; `degraded` and `unknown`: what is seen of it (`observed` of its condition)',
  }),
  brand: filterText.optional(),
  scope: z.enum(scopes).optional(),
  budgetSource: filterText.optional().meta({ description: 'as `lao`' }),
  site: filterText.optional(),
  linked: flag.optional(),
  deleted: flag.optional().meta({ description: 'those that were deleted, instead' }),
};

/** Ids of the cameras whose streams are in this state now, ascending; undefined: it does not narrow. */
export function observedNow(
  { liveStates, conditions }: { liveStates: LiveStates; conditions?: Pick<Conditions, 'all'> },
  state: z.output<typeof cameraFilter.observed>,
): string[] | undefined {
  if (state === undefined) return undefined;
  const isSeen = seenNames.some((name) => name === state);
  const states: Iterable<{ cameraId: string; state: string }> = isSeen
    ? (conditions?.all() ?? [])
    : liveStates.all();
  const ids: string[] = [];
  for (const one of states) if (one.state === state) ids.push(one.cameraId);
  return ids.toSorted();
}
