/**
 * The feeder process (feeder.c): N simulated cameras on BENCH_CORE.
 */
import { benchClip } from './clip.ts';
import { startChild } from './children.ts';
import { compiled } from './compile.ts';
import { BENCH_CORE } from './cores.ts';

export const FEEDER_MODES = ['picture', 'packet'] as const;
export type FeederMode = (typeof FEEDER_MODES)[number];

/** Hex of the UUID before the send time in the SEI that precedes every picture; see feeder.c. */
export const SEND_TIME_UUID = Buffer.from('c71e5e4d7a4b4f0e9d5b636374766231', 'hex');
const SEND_TIME_HEX_DIGITS = 16;

/** What the feeder saw since it was last asked. A picture is late when it left more than 10 ms after its time. */
export interface FeederReport {
  seconds: number;
  playing: number;
  pictures: number;
  bytes: number;
  late: number;
  /** Pictures the reader was too slow for. */
  droppedPictures: number;
  partialWrites: number;
  /** Playing connections that the other side closed. */
  closed: number;
  lagP99Ms: number;
  lagMaxMs: number;
  cpuPercent: number;
}

export interface Feeder {
  port: number;
  url: (camera: number) => string;
  report: () => Promise<FeederReport>;
  stop: () => Promise<void>;
}

/** Grain of the feeder's clock, µs. Finer is truer, and makes C plain dearer: see README.md. */
export const DEFAULT_GRAIN_US = 200;

export async function startFeeder(mode: FeederMode, grainUs = DEFAULT_GRAIN_US): Promise<Feeder> {
  const child = startChild({
    command: compiled('feeder'),
    args: ['--clip', benchClip(), '--mode', mode, '--grain', String(grainUs)],
    core: BENCH_CORE,
  });
  const first = await child.nextLine();
  if (first === undefined) throw new Error(`the feeder did not start: ${child.lastWords()}`);
  const { port } = JSON.parse(first) as { port: number };
  return {
    port,
    url: (camera) => `rtsp://127.0.0.1:${port}/cam${camera}`,
    report: async () => {
      child.signal('SIGUSR1');
      const line = await child.nextLine();
      if (line === undefined) throw new Error(`the feeder has died: ${child.lastWords()}`);
      return JSON.parse(line) as FeederReport;
    },
    stop: child.stop,
  };
}

/** Unix ms at which the first picture in these media bytes was sent; undefined when it carries no send time. */
export function firstSendTimeMs(media: Buffer): number | undefined {
  const at = media.indexOf(SEND_TIME_UUID);
  if (at < 0) return undefined;
  const from = at + SEND_TIME_UUID.length;
  const micros = Number.parseInt(media.toString('latin1', from, from + SEND_TIME_HEX_DIGITS), 16);
  return Number.isNaN(micros) ? undefined : micros / 1000;
}
