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
