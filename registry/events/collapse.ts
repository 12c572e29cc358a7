import type { CameraEvent } from './camera-event.ts';

/** Fewer are no more than what comes of it. */
export const MIN_COLLAPSED = 3;

/**
 * What becomes of one camera's waiting events, oldest first, when there is no room for all: two. The first says that from there
 * on nothing is known (`unknown` by our own fault; `measured.collapsed`: how many transitions it stands for), the second is
 * the latest. So a history has a hole that says it is one, and what is seen now is right. Both keep the ids and numbers of
 * those whose places they take: had the bus one already, it is a duplicate.
 */
export function collapse(events: readonly CameraEvent[]): CameraEvent[] {
  const [first] = events;
  const latest = events.at(-1);
  if (first === undefined || latest === undefined || events.length < MIN_COLLAPSED) {
    return [...events];
  }
  const collapsed = events.slice(0, -1).reduce((sum, event) => sum + transitionsOf(event), 0);
  return [
    { ...first, state: 'unknown', reason: 'gateway', measured: { collapsed } },
    { ...latest, previous: 'unknown' },
  ];
}

/** As `collapse`, of many cameras in one queue; the order of those that stay is the same. */
export function collapseAll(events: readonly CameraEvent[]): CameraEvent[] {
  const byCamera = Map.groupBy(events, ({ cameraId }) => cameraId);
  const kept = new Map<string, CameraEvent>();
  for (const ofCamera of byCamera.values()) {
    for (const event of collapse(ofCamera)) kept.set(event.eventId, event);
  }
  return events.flatMap(({ eventId }) => kept.get(eventId) ?? []);
}

/** How many transitions an event stands for. */
function transitionsOf({ measured }: CameraEvent): number {
  const { collapsed } = measured;
  return typeof collapsed === 'number' ? collapsed : 1;
}
