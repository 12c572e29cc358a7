import type { CameraEvent } from '#registry/events/camera-event.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';

let atMs = 1_790_000_000_000;
const newId = uuidV7Source(() => atMs);

/** An event that could have happened, with what the test is about. */
export function anEvent(of: Partial<CameraEvent> = {}): CameraEvent {
  atMs += 1_000;
  return {
    eventId: newId(),
    cameraId: '019ab000-0000-7000-8000-000000000001',
    epoch: 1,
    sequence: 1,
    atMs,
    state: 'down',
    previous: 'up',
    reason: of.state === undefined || of.state === 'down' ? 'silent' : null,
    measured: {},
    worker: 'gateway/camera-worker-0',
    ...of,
  };
}
