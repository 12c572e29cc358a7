/**
 * The bare reader process (reader.c) on SUBJECT_CORE: it pulls and discards.
 */
import { startChild } from './children.ts';
import { compiled } from './compile.ts';
import { SUBJECT_CORE } from './cores.ts';
import type { Feeder, FeederReport } from './feeder.ts';

const WARM_SECONDS = 3;

export interface BareReading {
  microsPerStreamSecond: number;
  percentOfCore: number;
  bytes: number;
  closed: number;
  feeder: FeederReport;
}

export async function readBare(options: {
  feeder: Feeder;
  mode: 'plain' | 'gather';
  streams: number;
  seconds: number;
}): Promise<BareReading> {
  const child = startChild({
    command: compiled('reader'),
    args: [
      ['--port', String(options.feeder.port), '--streams', String(options.streams)],
      ['--mode', options.mode, '--seconds', String(options.seconds)],
      ['--warm', String(WARM_SECONDS)],
    ].flat(),
    core: SUBJECT_CORE,
  });
  await child.nextLine(); // playing
  await child.nextLine(); // measuring
  await options.feeder.report();
  const result = await child.nextLine();
  const feeder = await options.feeder.report();
  await child.stop();
  if (result === undefined) throw new Error(`the bare reader failed: ${child.lastWords()}`);
  return { ...(JSON.parse(result) as Omit<BareReading, 'feeder'>), feeder };
}
