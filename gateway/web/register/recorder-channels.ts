import type { OfferedStream } from '../api/onvif.ts';

/** The channels of a recorder box, and what of one goes into a form. Pure. */

export interface RecorderChannel {
  channel: number;
  /** Its largest picture. */
  main: OfferedStream;
  /** A smaller one, for walls. */
  sub: OfferedStream | undefined;
}

/** A camera of its own, which has the rest in common with the form's. */
export interface ChannelDraft {
  position: string;
  url: string;
  subUrl: string;
  /** Empty: none that could be fetched. */
  snapshotUrl: string;
  recordedResolution: string;
  frameRate: string;
}

export function recorderChannels(streams: readonly OfferedStream[]): RecorderChannel[] {
  const byChannel = Map.groupBy(streams, ({ channel }) => channel);
  return [...byChannel].flatMap(([channel, [main, sub]]) =>
    main === undefined ? [] : [{ channel, main, sub }],
  );
}

/** More cameras than one look through it. */
export function isRecorder(streams: readonly OfferedStream[]): boolean {
  return streams.some(({ channel }) => channel > 1);
}

/** Where the gateway can fetch its still picture, and a password given for the device stays with it; empty: nowhere. */
export function snapshotOf({ snapshot }: OfferedStream): string {
  const isFetched = snapshot?.url?.startsWith('http://') === true && !snapshot.elsewhere;
  return isFetched ? (snapshot.url ?? '') : '';
}
