/**
 * Where a recording's object lies: by camera and UTC day, so that a person with nothing but the store finds a day, and
 * no folder holds more than a day's minutes.
 */
export function objectKey(recording: {
  cameraId: string;
  recordingId: string;
  startMs: number;
}): string {
  const day = new Date(recording.startMs).toISOString().slice(0, 10);
  return `${recording.cameraId}/${day}/${recording.recordingId}.mp4`;
}

/** Of its file in the spool folder; it never changes its name there. */
export function spoolPath(recording: { cameraId: string; recordingId: string }): string {
  return `${recording.cameraId}/${recording.recordingId}.mp4`;
}

/** Whose an object or a file is, by its name, `…/<recording>.mp4`; undefined: none of ours. */
export function recordingIdOf(key: string): string | undefined {
  return /([0-9a-f-]{36})\.mp4$/.exec(key)?.[1];
}
