/**
 * Every H.264 and H.265 stream among the recorded ones, packetised and pulled through a camera session: the same
 * pictures as a direct decode, in order, and again when the recorder has written them and they are read back from its files. What was seen stands in streams.md, which is checked here and written anew with
 * UPDATE_STREAMS=1; then ffmpeg pulls the same packets too.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FinishedRecording } from '#storage/recorder-protocol.ts';
import { Recorder } from '#storage/recorder.ts';
import { packetiseH264, packetiseH265, type PacketRules } from '../peers/packetise.ts';
import { servePackets, type PacketServer } from '../peers/packet-server.ts';
import { readElementaryStream, type ElementaryStream } from './elementary-stream.ts';
import { decodePictures, ffmpeg } from './ffmpeg.ts';
import { missingParts } from './machine.ts';
import { pullSession, type Pulled, type PulledRun } from './pull-session.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/data/video/', import.meta.url));
const TABLE = new URL('streams.md', import.meta.url);
const UPDATE = process.env['UPDATE_STREAMS'] === '1';
const TEST_MS = 120_000;
const RECORDED_CAMERA = '019e0000-0000-7000-8000-000000000000';
const RECORDED_FROM_MS = Date.UTC(2026, 10, 25, 12, 0, 1);
/** Of nine, one stream shows seven pictures before an IDR picture that was sent earlier: none could be held back more. */
const HELD_BACK = 8;
const missing = missingParts('ffmpeg');
const files = existsSync(FOLDER)
  ? readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(264|jsv|h265|mp4|ts)$/.test(path))
      .toSorted()
  : [];

async function serve(stream: ElementaryStream, rules: PacketRules = {}): Promise<PacketServer> {
  const h265 = stream.codec === 'hevc';
  const packets = (h265 ? packetiseH265 : packetiseH264)(stream.pictures, rules);
  const encoding = h265 ? 'H265/90000' : 'H264/90000';
  const order =
    rules.decodingOrderNumbers === true ? { formatParameters: 'sprop-max-don-diff=1' } : {};
  return servePackets([{ kind: 'video', encoding, packets, ...order }]);
}

async function pull(stream: ElementaryStream, rules?: PacketRules): Promise<Pulled> {
  const server = await serve(stream, rules);
  try {
    return await pullSession(server.url);
  } finally {
    await server.close();
  }
}

describe.skipIf(missing.length > 0 || files.length === 0)(
  'every recorded stream',
  { concurrent: true },
  () => {
    let folder: string;
    const rows = new Map<string, string>();

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'streams-'));
    });

    afterAll(async () => {
      await rm(folder, { recursive: true });
      if (UPDATE) await writeFile(TABLE, table(files.map((path) => rows.get(path) ?? path)));
    });

    async function decodeRuns({ runs }: Pulled, name: string): Promise<string[]> {
      const pictures: string[] = [];
      for (const [index, { file }] of runs.entries()) {
        const path = join(folder, `${name}-${index}.mp4`);
        await writeFile(path, file);
        const decoded = await decodePictures(['-i', path]);
        pictures.push(...decoded.md5);
      }
      return pictures;
    }

    async function decodeRecorded(pulled: Pulled, name: string): Promise<string[]> {
      const recordings = await record(pulled, join(folder, `${name}-spool`));
      const pictures: string[] = [];
      for (const path of recordings) {
        const decoded = await decodePictures(['-i', path]);
        pictures.push(...decoded.md5);
      }
      return pictures;
    }

    test.each(files)('%s', { timeout: TEST_MS }, async (path) => {
      const name = basename(path);
      const stream = await readElementaryStream(join(FOLDER, path), join(folder, name));
      if (stream === undefined) throw new Error('no H.264 or H.265 in it');
      const direct = await decodePictures(['-f', stream.codec, '-i', stream.file]);
      const pulled = await pull(stream);
      const ours = await decodeRuns(pulled, name);
      const same =
        ours.length === direct.md5.length && ours.every((md5, i) => md5 === direct.md5[i]);
      const seen = [
        path,
        pulled.runs[0]?.init.config.codec ?? '',
        String(direct.md5.length),
        reordered(stream) ? 'yes' : 'no',
        same ? 'identical' : difference(ours, direct.md5),
      ];
      expect(await decodeRecorded(pulled, name)).toEqual(ours);
      if (UPDATE) rows.set(path, [...seen, await byFfmpeg(stream, direct.md5)].join(' | '));
      else {
        const written = (await readFile(TABLE, 'utf8')).split('\n');
        const row = written.find((line) => line.startsWith(`| ${path} `)) ?? '';
        const cells = row.split('|').map((cell) => cell.trim());
        expect(cells.slice(1, 6)).toEqual(seen);
      }
      expect(pulled.counters).toMatchObject({ droppedUnits: 0, lostPackets: 0 });
      for (const run of pulled.runs) expectEven(run, stream.pictures.length);
    });
  },
);

/** The recorder's finished files of all runs, in order. */
async function record({ runs }: Pulled, spoolFolder: string): Promise<string[]> {
  await mkdir(spoolFolder);
  let ids = 0;
  const recorder = new Recorder({
    spoolFolder,
    syncMs: 5_000,
    newId: () => `019e0000-0000-7000-9000-${String(ids++).padStart(12, '0')}`,
    monotonicMs: () => performance.now(),
  });
  recorder.record(0, RECORDED_CAMERA);
  const finished: FinishedRecording[] = [];
  const take = (): void => void finished.push(...recorder.takeProgress(false).finished);
  for (const [initNumber, { init, parts, bytes }] of runs.entries()) {
    const { codec, width, height } = init.config;
    const runInit = { initNumber, runId: 'run1', bytes: init.bytes, codec, width, height };
    for (const [index, part] of parts.entries()) {
      // Right after the camera's minute has begun: one file a run.
      const startMs = RECORDED_FROM_MS + part.decodeTicks / 90;
      const given = { ...part, startMs, slices: [], slot: 0, initNumber };
      recorder.part(given, runInit, [bytes[index] as Buffer]);
      take();
    }
  }
  recorder.stop();
  await vi.waitFor(() => expect(recorder.idle).toBe(true));
  take();
  return finished
    .toSorted((a, b) => (a.recordingId < b.recordingId ? -1 : 1))
    .map(({ recordingId }) => join(spoolFolder, RECORDED_CAMERA, `${recordingId}.mp4`));
}

/** 25 pictures a second, reordered or not: segments of whole pictures, each as long as they are shown. */
function expectEven({ parts }: PulledRun, pictures: number): void {
  const step = 3600;
  // Where the parameter set does not tell how many are held back, the first ones come closer together.
  const settled = parts.slice(1);
  for (const part of settled) expect(part.durationTicks).toBe(part.samples * step);
  const end = (parts.at(-1)?.decodeTicks ?? 0) + (parts.at(-1)?.durationTicks ?? 0);
  expect(Math.abs(end - (parts[0]?.decodeTicks ?? 0) - pictures * step)).toBeLessThanOrEqual(
    HELD_BACK * step,
  );
}

function reordered({ pictures }: ElementaryStream): boolean {
  return pictures.some(({ ptsTicks }, i) => ptsTicks < (pictures[i - 1]?.ptsTicks ?? 0));
}

function table(rows: readonly string[]): string {
  return `# Recorded streams

Each packetised (\`tests/peers/packetise.ts\`), pulled by a camera session over RTSP, and decoded from the fragmented MP4 that came out; compared
picture by picture (MD5) with a direct decode. The last column is \`ffmpeg -c copy\` pulling the same packets into an MP4 file. Checked by
\`streams.test.ts\`, written by it with \`UPDATE_STREAMS=1\`.

| stream | codec | pictures | reordered | the gateway | ffmpeg 5.1 |
| --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}

function difference(ours: readonly string[], direct: readonly string[]): string {
  const wrong = ours.filter((md5) => !direct.includes(md5)).length;
  if (ours.length < direct.length && wrong === 0) return `${direct.length - ours.length} missing`;
  return wrong === 0 ? 'in another order' : `${wrong} wrong pictures`;
}

async function byFfmpeg(stream: ElementaryStream, direct: readonly string[]): Promise<string> {
  const server = await serve(stream);
  const file = `${stream.file}.mp4`;
  try {
    await ffmpeg(['-rtsp_transport', 'tcp', '-i', server.url, '-c', 'copy', file]);
    const { md5 } = await decodePictures(['-i', file]);
    if (md5.length === direct.length && md5.every((one, i) => one === direct[i]))
      return 'identical';
    return difference(md5, direct);
  } catch (error) {
    const said = String(error).trim().split('\n').at(-1) ?? '';
    return `none: ${said.replaceAll(/0x[0-9a-f]+|\|/g, '').slice(0, 80)}`;
  } finally {
    await server.close();
  }
}
