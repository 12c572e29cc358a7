/**
 * What Node itself spends on reading: N streams by `net` with one reused buffer, looked at once in 50 ms, bytes
 * discarded. Between the gathering C reader and the gateway it tells the platform's share from ours.
 *
 * Run as a process: `node node-reader.ts PORT STREAMS WARM_SECONDS SECONDS`; speaks like reader.c.
 */
import { connect } from 'node:net';
import { startGatheringLoop } from '#ingest/gathering-loop.ts';

const ROUND_MS = 50;
const READ_BYTES = 512 * 1024;
const OPENED_PER_ROUND = 10;
const END_OF_HEAD = '\r\n\r\n';

const [port = 0, streams = 0, warmSeconds = 0, seconds = 0] = process.argv.slice(2).map(Number);
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
let bytes = 0;
let playing = 0;
let closed = 0;

/** Asks three times, each when an answer came; what comes then is counted and forgotten. */
function open(camera: number): void {
  const url = `rtsp://127.0.0.1:${port}/cam${camera}`;
  const requests = [
    `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp${END_OF_HEAD}`,
    `SETUP ${url}/trackID=1 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1${END_OF_HEAD}`,
    `PLAY ${url} RTSP/1.0\r\nCSeq: 3\r\nSession: 63637476${END_OF_HEAD}`,
  ];
  const socket = connect({
    host: '127.0.0.1',
    port,
    onread: {
      buffer,
      callback: (length) => {
        bytes += length;
        const next = requests.shift();
        if (next !== undefined) socket.write(next);
        else finish();
        return true;
      },
    },
  });
  let counted = false;
  const finish = (): void => {
    if (!counted) playing++;
    counted = true;
  };
  socket.on('connect', () => socket.write(requests.shift() ?? ''));
  socket.on('error', () => {});
  socket.on('close', () => closed++);
}

let opened = 0;
startGatheringLoop({
  periodMs: ROUND_MS,
  afterRound: () => {
    for (let i = 0; i < OPENED_PER_ROUND && opened < streams; i++) open(opened++);
  },
});

const waiting = setInterval(() => {
  if (playing < streams) return;
  clearInterval(waiting);
  console.log(JSON.stringify({ playing }));
  setTimeout(measure, warmSeconds * 1000);
}, 100);

function measure(): void {
  console.log(JSON.stringify({ measuring: true }));
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  bytes = 0;
  setTimeout(() => {
    const { user, system } = process.cpuUsage(cpu);
    const elapsed = (performance.now() - startedMs) / 1000;
    const microsPerStreamSecond = (user + system) / elapsed / streams;
    const percentOfCore = (user + system) / elapsed / 1e4;
    console.log(JSON.stringify({ microsPerStreamSecond, percentOfCore, bytes, closed }));
    process.exit();
  }, seconds * 1000);
}
