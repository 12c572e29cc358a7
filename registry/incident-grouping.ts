/**
 * Which cameras fell together: one incident of their site, their network, a worker or the gateway, and not a fault of each
 * (forms.md 4.4). Pure.
 */

export const incidentKinds = ['site', 'network', 'worker', 'gateway'] as const;
export type IncidentKind = (typeof incidentKinds)[number];

/** What cameras can have in common. */
export interface Common {
  kind: IncidentKind;
  /** Unique among those of its kind. */
  key: string;
}

/** A camera that is down, or unknown by our doing. */
export interface FallenCamera {
  cameraId: string;
  /** Unix ms. */
  sinceMs: number;
  /** What it may have fallen with, the widest first. */
  commons: readonly Common[];
  /** Its site, where a network has several. */
  site: string | null;
}

export interface Together extends Common {
  fromMs: number;
  cameraIds: readonly string[];
}

/** Falls further apart are not one. Each is dated by the camera's last picture, so a power cut makes them all within seconds. */
export const TOGETHER_MS = 60_000;
/** So many of a site, and at least half of it; of a site of two, both. */
const LEAST_OF_SITE = 3;
/** So many of a network, and at least half of it. */
const LEAST_OF_NETWORK = 5;
const LEAST_SHARE = 0.5;

/**
 * The incidents among `fallen`, none of which is in one yet. `linked`: how many linked cameras have that in common. A camera is in
 * one incident at most, the widest.
 */
export function fallenTogether(
  fallen: readonly FallenCamera[],
  linked: (common: Common) => number,
): Together[] {
  const left = new Map(fallen.map((camera) => [camera.cameraId, camera]));
  const found: Together[] = [];
  for (const kind of ['gateway', 'worker', 'network', 'site'] as const) {
    for (const [key, cameras] of byKey(left.values(), kind)) {
      const together = latestTogether(cameras.filter(({ cameraId }) => left.has(cameraId)));
      if (!isIncident(kind, together, linked({ kind, key }))) continue;
      for (const { cameraId } of together) left.delete(cameraId);
      found.push({
        kind,
        key,
        fromMs: Math.min(...together.map(({ sinceMs }) => sinceMs)),
        cameraIds: together.map(({ cameraId }) => cameraId),
      });
    }
  }
  return found;
}

/** Whether the camera fell with an incident that goes on: it has that in common, and did not fall before it. */
export function joins(
  { commons, sinceMs }: FallenCamera,
  incident: Common & { fromMs: number },
): boolean {
  return (
    sinceMs >= incident.fromMs - TOGETHER_MS &&
    commons.some(({ kind, key }) => kind === incident.kind && key === incident.key)
  );
}

/** Whether an incident is over: at least half of its cameras are seen again. */
export function isOver(cameras: number, seenAgain: number): boolean {
  return seenAgain >= cameras * LEAST_SHARE;
}

function byKey(cameras: Iterable<FallenCamera>, kind: IncidentKind): Map<string, FallenCamera[]> {
  const groups = new Map<string, FallenCamera[]>();
  for (const camera of cameras) {
    for (const common of camera.commons) {
      if (common.kind !== kind) continue;
      const group = groups.get(common.key) ?? [];
      group.push(camera);
      groups.set(common.key, group);
    }
  }
  return groups;
}

/** The most of them that fell within one minute. */
function latestTogether(cameras: readonly FallenCamera[]): readonly FallenCamera[] {
  const ordered = cameras.toSorted((a, b) => a.sinceMs - b.sinceMs);
  let most: readonly FallenCamera[] = [];
  let from = 0;
  for (const [index, { sinceMs }] of ordered.entries()) {
    while (sinceMs - (ordered[from] as FallenCamera).sinceMs > TOGETHER_MS) from++;
    if (index + 1 - from >= most.length) most = ordered.slice(from, index + 1);
  }
  return most;
}

function isIncident(
  kind: IncidentKind,
  together: readonly FallenCamera[],
  linked: number,
): boolean {
  const isHalf = together.length >= linked * LEAST_SHARE;
  switch (kind) {
    // Our own: that is known, and needs no guess.
    case 'gateway':
    case 'worker':
      return true;
    case 'network':
      return together.length >= LEAST_OF_NETWORK && isHalf && !isOneOfSeveralSites(together);
    case 'site':
      return (
        (together.length >= LEAST_OF_SITE && isHalf) || (linked === 2 && together.length === 2)
      );
  }
}

/** All of one site: then it is the site's. */
function isOneOfSeveralSites(together: readonly FallenCamera[]): boolean {
  const [first] = together;
  return (
    first !== undefined && first.site !== null && together.every(({ site }) => site === first.site)
  );
}
