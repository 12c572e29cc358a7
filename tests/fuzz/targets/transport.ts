import { CameraClock } from '#ingest/rtp/camera-clock.ts';
import { REORDER_MAX_PACKETS, ReorderWindow } from '#ingest/rtp/reorder.ts';
import { ReceptionStatistics, senderReportIn } from '#ingest/rtp/rtcp.ts';
import { parseHttpReply } from '#ingest/rtsp/message.ts';
import { InterleavedPath } from '#ingest/rtsp/interleaved-path.ts';
import { rangeIn } from '#ingest/rtsp/packet-path.ts';
import { mustHold, type FuzzTarget } from '../target.ts';

const SENDER_REPORT = Buffer.from(
  '80c80006aabbccdde6a1b2c340000000112233440000000a00000bb881ca0004aabbccdd010373696d000000',
  'hex',
);
const HEADER_BYTES = 12;

/** How packets arrive: RTCP, datagrams in any order, Transport headers, the head of a tunnel. */
export function transportTargets(): FuzzTarget[] {
  return [
    {
      name: 'rtcp',
      seeds: [SENDER_REPORT, SENDER_REPORT.subarray(0, 28), Buffer.from('81c90007', 'hex')],
      run: (input) => {
        const report = senderReportIn(input, 0, input.length);
        if (report === undefined) return false;
        const clock = new CameraClock();
        clock.observe(report, 1_700_000_000_000);
        mustHold(Number.isFinite(clock.offsetMs ?? 0), 'an offset is a number');
        const statistics = new ReceptionStatistics(90_000);
        statistics.packet(Buffer.concat([input, Buffer.alloc(HEADER_BYTES)]), 0);
        statistics.senderReport(report, 0);
        const answer = statistics.receiverReport(1, 2 ** 40);
        mustHold(answer?.length === 52, 'a report has its length');
        return true;
      },
    },
    { name: 'datagrams', seeds: [datagrams(40), datagrams(200)], run: reorder },
    {
      name: 'transport-header',
      seeds: [
        'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=4F2A',
        'RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;source=10.0.0.1',
      ].map((text) => Buffer.from(text)),
      run: (input) => {
        const text = input.toString('latin1');
        const path = new InterleavedPath();
        const agreed = path.agree(0, text) === undefined && path.agree(1, text) === undefined;
        mustHold(path.highestChannel < 256, 'a channel is one byte');
        if (agreed) mustHold(new Set(path.rtpChannels).size === 2, 'each track has its channel');
        return rangeIn(text, 'server_port') !== undefined || agreed;
      },
    },
    {
      name: 'tunnel-head',
      seeds: [
        Buffer.from('HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled'),
        Buffer.from('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="a", nonce="b"'),
      ],
      run: (input) => parseHttpReply(input.toString('latin1')) !== undefined,
    },
  ];
}

/** The input is a row of small datagrams, each as long as its first byte says. */
function reorder(input: Buffer): boolean {
  const seen: number[] = [];
  const window = new ReorderWindow((packet) => {
    if (packet.length >= HEADER_BYTES) seen.push(packet.readUInt16BE(2));
  });
  let pushed = 0;
  let nowMs = 0;
  for (let at = 0; at < input.length;) {
    const length = input[at] as number;
    const packet = input.subarray(at + 1, at + 1 + length);
    window.push(packet, nowMs);
    if (packet.length >= HEADER_BYTES) pushed++;
    mustHold(window.held < REORDER_MAX_PACKETS, 'the window has a bound');
    nowMs += length % 7;
    window.tick(nowMs);
    at += 1 + length;
  }
  window.flush();
  mustHold(window.held === 0, 'nothing stays behind');
  mustHold(seen.length + window.late + window.repeated === pushed, 'each comes out or is counted');
  return seen.length > 1;
}

function datagrams(count: number): Buffer {
  const all: Buffer[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    const packet = Buffer.alloc(1 + HEADER_BYTES);
    packet[0] = HEADER_BYTES;
    packet[1] = 0x80;
    packet.writeUInt16BE((65_500 + (sequence ^ 1)) & 0xffff, 3);
    all.push(packet);
  }
  return Buffer.concat(all);
}
