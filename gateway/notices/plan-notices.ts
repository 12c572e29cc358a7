import type { Place } from '#registry/area.ts';
import type { Audience } from './audience.ts';
import {
  MAX_CAMERAS_NAMED,
  type NoticeContent,
  type NoticeKind,
  type NoticePlace,
} from './notice.ts';

/**
 * Which notices the present state of the cameras calls for: pure. Never a storm: cameras of one LAO that fall together are
 * one notice, an incident is one whatever comes after, and what is ours is none.
 */

/** A camera as the sweep finds it. */
export interface SeenCamera {
  cameraId: string;
  position: string;
  lao: Place;
  state: string;
  reason: string | null;
  sinceMs: number;
  incident: { id: string; kind: string; key: string } | null;
  /** Its owner knows: declared damaged, or in repair. */
  ownerKnows: boolean;
}

export interface PlannedNotice {
  kind: NoticeKind;
  /** The same subject is told once. */
  subject: string;
  content: NoticeContent;
  /** Whom it waits for (audience.ts). Left out: whoever is told about its place (recipients.ts). */
  audience?: Audience;
}

export interface NoticePlan {
  notices: PlannedNotice[];
  /** Cameras of which it was said now that they fell. */
  told: string[];
  /** Cameras of which nothing is outstanding any more. */
  settled: string[];
}

export interface NoticeRules {
  /** Broken for so long, a camera has fallen for good. */
  fallenAfterMs: number;
  /** Good for so long, it has returned: one that flaps is not told of at every turn. */
  returnedAfterMs: number;
}

/** Failures of ours: no owner can do anything about them. */
const OURS: ReadonlySet<string> = new Set(['worker', 'gateway']);

/**
 * `broken`: every camera that is seen broken; `notified`: what is seen of those that were told of, broken or not; one that
 * is not there any more is settled.
 */
export function planNotices(
  {
    broken,
    notified,
  }: { broken: readonly SeenCamera[]; notified: ReadonlyMap<string, SeenCamera | undefined> },
  rules: NoticeRules,
  nowMs: number,
): NoticePlan {
  const fallen = broken.filter(
    ({ cameraId, sinceMs, ownerKnows, incident }) =>
      !notified.has(cameraId) &&
      !ownerKnows &&
      sinceMs <= nowMs - rules.fallenAfterMs &&
      !(incident !== null && OURS.has(incident.kind)),
  );
  const returned: SeenCamera[] = [];
  const settled: string[] = [];
  for (const [cameraId, seen] of notified) {
    if (seen === undefined || seen.state === 'not-linked') settled.push(cameraId);
    else if (seen.state === 'up' && seen.sinceMs <= nowMs - rules.returnedAfterMs) {
      settled.push(cameraId);
      returned.push(seen);
    }
  }
  return {
    notices: [
      ...grouped(fallen, ({ lao, incident }) => `${placeKey(lao)} ${incident?.id ?? ''}`).map(
        (cameras): PlannedNotice => ({
          kind: 'cameras-fell',
          subject: subjectOf('fell', cameras, nowMs),
          content: contentOf(cameras, cameras[0].incident),
        }),
      ),
      ...grouped(returned, ({ lao }) => placeKey(lao)).map((cameras): PlannedNotice => ({
        kind: 'cameras-returned',
        subject: `returned ${placeKey(cameras[0].lao)} ${nowMs}`,
        content: contentOf(cameras, null),
      })),
    ],
    told: fallen.map(({ cameraId }) => cameraId),
    settled,
  };
}

type Some = [SeenCamera, ...SeenCamera[]];

function grouped(cameras: readonly SeenCamera[], keyOf: (camera: SeenCamera) => string): Some[] {
  return [...Map.groupBy(cameras, keyOf).values()].map((group) => group as Some);
}

/** A camera that joins an incident later is told of with it: there is no second notice. */
function subjectOf(kind: string, [{ lao, incident }]: Some, nowMs: number): string {
  return incident === null
    ? `${kind} ${placeKey(lao)} ${nowMs}`
    : `${kind} ${placeKey(lao)} incident ${incident.id}`;
}

function contentOf(cameras: Some, incident: SeenCamera['incident']): NoticeContent {
  return {
    place: placeOf(cameras[0].lao),
    count: cameras.length,
    cameras: cameras
      .slice(0, MAX_CAMERAS_NAMED)
      .map(({ cameraId, position, reason }) => ({ id: cameraId, position, reason })),
    incident: incident === null ? null : { kind: incident.kind, key: incident.key },
    round: null,
    approval: null,
  };
}

function placeOf({ province, district, name }: Place): NoticePlace {
  return { province, district, lao: name };
}

function placeKey({ province, district, name }: Place): string {
  return [province, district, name].join('/');
}
