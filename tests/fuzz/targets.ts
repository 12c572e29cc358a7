import type { FuzzTarget } from './target.ts';
import { boxTargets } from './targets/boxes.ts';
import { bitstreamTargets } from './targets/bitstream.ts';
import { rtpTargets } from './targets/rtp.ts';
import { rtspTargets } from './targets/rtsp.ts';
import { transportTargets } from './targets/transport.ts';

/** Every parser that reads what a camera sends. */
export function targets(): FuzzTarget[] {
  return [
    ...rtspTargets(),
    ...transportTargets(),
    ...rtpTargets(),
    ...bitstreamTargets(),
    ...boxTargets(),
  ];
}
