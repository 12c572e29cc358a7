import { insertOpened, markSpooled, markStored } from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import type { FinishedRecording, OpenedRecording } from '#storage/recorder-protocol.ts';
import { encodeFragments } from '#storage/spool/fragment-index.ts';

/** Rows as recorders tell of them, without a recorder: what the catalogue is tested with. */

export const CAMERA = '019e0000-0000-7000-8000-000000000001';
export const T0 = 1_790_000_000_000;
export const MINUTE = 60_000;
export const SHA = 'ab'.repeat(32);

let ids = 0;
export const newId = (): string => `019e0000-0000-7000-9000-${String(ids++).padStart(12, '0')}`;

export function opened(startMs: number, cameraId = CAMERA): OpenedRecording {
  const recordingId = newId();
  return {
    recordingId,
    cameraId,
    runId: 'run1',
    startMs,
    codec: 'avc1.4D4015',
    width: 320,
    height: 240,
    previousSha256: null,
    path: `${cameraId}/${recordingId}.mp4`,
    initBytes: 700,
    headBytes: 1_000,
  };
}

export function finished(recording: OpenedRecording, endMs: number): FinishedRecording {
  const fragment = {
    offset: 1_000,
    byteLength: 5_000,
    startMs: recording.startMs,
    decodeTicks: 0,
    durationTicks: (endMs - recording.startMs) * 90,
    independent: true,
  };
  return {
    recordingId: recording.recordingId,
    cameraId: recording.cameraId,
    startMs: recording.startMs,
    endMs,
    byteLength: 6_000,
    sha256: SHA,
    fragmentIndex: encodeFragments([fragment]),
    fragments: 1,
    endReason: 'rotated',
  };
}

/** Of a store's objects, all of which are there. */
export const stat = async (): Promise<{ byteLength: number; versionId: null }> => ({
  byteLength: 6_000,
  versionId: null,
});

/** A stored recording of a minute. */
export async function keep(
  catalogue: Catalogue,
  startMs: number,
  cameraId = CAMERA,
): Promise<string> {
  const recording = opened(startMs, cameraId);
  await insertOpened(catalogue, [recording]);
  await markSpooled(catalogue, [finished(recording, startMs + MINUTE)]);
  await markStored(catalogue, [{ id: recording.recordingId, startMs, versionId: null }]);
  return recording.recordingId;
}
