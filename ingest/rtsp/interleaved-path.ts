import type { StreamFailure } from '../stream-failure.ts';
import { rangeIn, type PacketPath } from './packet-path.ts';

/** A frame's channel is one byte, RFC 2326 §10.12. */
const HIGHEST_CHANNEL = 255;

/** Packets come on the connection of the conversation itself, between its replies; RFC 2326 §10.12. */
export class InterleavedPath implements PacketPath {
  /** Of each track, once it is agreed on: channel of RTP, channel of RTCP. */
  readonly rtpChannels: number[] = [];
  readonly rtcpChannels: number[] = [];

  /** Frames beyond it are not ours. */
  get highestChannel(): number {
    return Math.max(1, ...this.rtpChannels, ...this.rtcpChannels);
  }

  offer(track: number): string {
    return `RTP/AVP/TCP;unicast;interleaved=${track * 2}-${track * 2 + 1}`;
  }

  agree(track: number, transport = ''): StreamFailure | undefined {
    // A server that answers with ports has not understood what was asked (policy `answers-udp-to-tcp`).
    if (/server_port\s*=/i.test(transport) && !/interleaved\s*=/i.test(transport)) {
      return { reason: 'transport-refused', detail: `asked for TCP, answered ${transport}` };
    }
    // Policy `no-transport-in-reply`; policy `other-channels`: the server may choose others than it was asked for.
    const channels = rangeIn(transport, 'interleaved') ?? { first: track * 2, second: undefined };
    let rtp = channels.first;
    let rtcp = channels.second ?? rtp + 1;
    if (rtp >= HIGHEST_CHANNEL || rtcp > HIGHEST_CHANNEL) {
      return { reason: 'protocol-error', detail: `channels out of range: ${transport}` };
    }
    if (this.rtpChannels.includes(rtp)) {
      // Policy `same-channels-twice`: 0-1 is answered for every track, and what was asked for is used.
      rtp = track * 2;
      // Unless another track was given that one: then the next that is free.
      while (this.rtpChannels.includes(rtp)) rtp += 2;
      rtcp = rtp + 1;
    }
    this.rtpChannels[track] = rtp;
    this.rtcpChannels[track] = rtcp;
    return undefined;
  }
}
