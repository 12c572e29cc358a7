import type { Camera, LiveState } from '#gateway/web/wire.ts';

/** A camera as the screens read it, with what a test tells apart. */
export function camera(id: string, position: string, lao: string, district: string): Camera {
  return {
    id,
    position,
    owningAgency: lao,
    purposes: ['prevention'],
    linkedAgencies: [],
    linkNetwork: null,
    brand: null,
    recordedResolution: '1920x1080',
    highestResolution: '1920x1080',
    retentionDays: 30,
    frameRate: 25,
    fileFormat: 'H.264',
    lao: { name: lao, district, province: 'กระบี่' },
    budgetSource: lao,
    scope: 'public-area',
    declared: 'working',
  };
}

export function liveState(
  cameraId: string,
  state: LiveState['state'],
  change: Partial<LiveState> = {},
): LiveState {
  return {
    cameraId,
    state,
    since: '2026-11-24T02:00:00.000Z',
    reason: null,
    detail: null,
    retryAt: null,
    codec: null,
    width: null,
    height: null,
    frameRate: null,
    bitsPerSecond: null,
    ...change,
  };
}
