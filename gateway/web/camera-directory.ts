import type { Camera, LiveState } from './wire.ts';
import { inWallOrder } from './wall-filter.ts';

/**
 * What the page knows of cameras and their states. Pure: `gateway-feed.ts` brings the happenings.
 * Identity is kept where nothing changed, so that React draws only the tiles that did.
 */
export interface CameraDirectory {
  /** In wall order. Null until the first reading of the registry. */
  cameras: readonly Camera[] | null;
  truncated: boolean;
  live: ReadonlyMap<string, LiveState>;
  /** `lost`: states may be old. */
  gateway: 'reached' | 'lost';
  /** When the gateway was last heard, Unix ms. Null: never. */
  heardAtMs: number | null;
}

export const emptyDirectory: CameraDirectory = {
  cameras: null,
  truncated: false,
  live: new Map(),
  gateway: 'reached',
  heardAtMs: null,
};

export type Happening =
  | { kind: 'cameras'; cameras: Camera[]; truncated: boolean; atMs: number }
  | { kind: 'camera'; camera: Camera; atMs: number }
  | { kind: 'snapshot'; states: LiveState[]; atMs: number }
  | { kind: 'live'; states: LiveState[]; atMs: number }
  | { kind: 'lost' };

export function apply(directory: CameraDirectory, happening: Happening): CameraDirectory {
  if (happening.kind === 'lost') {
    return directory.gateway === 'lost' ? directory : { ...directory, gateway: 'lost' };
  }
  const heard = { gateway: 'reached', heardAtMs: happening.atMs } as const;
  if (happening.kind === 'cameras') {
    const { cameras, truncated } = happening;
    return { ...directory, ...heard, cameras: inWallOrder(cameras), truncated };
  }
  if (happening.kind === 'camera') {
    const others = (directory.cameras ?? []).filter(({ id }) => id !== happening.camera.id);
    return { ...directory, ...heard, cameras: inWallOrder([...others, happening.camera]) };
  }
  const before = happening.kind === 'snapshot' ? [] : directory.live;
  return { ...directory, ...heard, live: byCamera(new Map(before), happening.states) };
}

function byCamera(live: Map<string, LiveState>, states: LiveState[]): Map<string, LiveState> {
  for (const state of states) live.set(state.cameraId, state);
  return live;
}
