import type { StreamFailure } from '../stream-failure.ts';

/**
 * How the packets of one session arrive, apart from the conversation that asks for them. The conversation
 * (client.ts) knows this much of it: what SETUP asks for, and what its answer means. Two there are:
 * interleaved-path.ts and udp-path.ts.
 */
export interface PacketPath {
  /** The Transport header of the SETUP of a track; tracks count from 0. RFC 2326 §12.39. */
  offer(track: number): string;
  /** Takes the Transport header of SETUP's answer, undefined where it has none. A failure: no packet can come so. */
  agree(track: number, transport: string | undefined): StreamFailure | undefined;
}

/** `name=4-5` in a Transport header: its two numbers, the second undefined where it is left out. */
export function rangeIn(
  transport: string,
  name: string,
): { first: number; second: number | undefined } | undefined {
  const match = new RegExp(`${name}\\s*=\\s*(\\d{1,5})(?:\\s*-\\s*(\\d{1,5}))?`, 'i').exec(
    transport,
  );
  if (match === null) return undefined;
  return {
    first: Number(match[1]),
    second: match[2] === undefined ? undefined : Number(match[2]),
  };
}
