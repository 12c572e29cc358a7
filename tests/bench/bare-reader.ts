/**
 * A bare reader process on SUBJECT_CORE, in C (reader.c) or Node (node-reader.ts): it pulls and discards.
 */
import { join } from 'node:path';
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
  mode: 'plain' | 'gather' | 'node';
  streams: number;
  seconds: number;
}): Promise<BareReading> {
  const child = startChild({ ...commandOf(options), core: SUBJECT_CORE });
  await child.nextLine(); // playing
  await child.nextLine(); // measuring
  await options.feeder.report();
  const result = await child.nextLine();
  const feeder = await options.feeder.report();
  await child.stop();
  if (result === undefined) throw new Error(`the bare reader failed: ${child.lastWords()}`);
  return { ...(JSON.parse(result) as Omit<BareReading, 'feeder'>), feeder };
}

function commandOf(options: { feeder: Feeder; mode: string; streams: number; seconds: number }): {
  command: string;
  args: string[];
} {
  const [port, streams, seconds, warm] = [
    options.feeder.port,
    options.streams,
    options.seconds,
    WARM_SECONDS,
  ].map(String) as [string, string, string, string];
  if (options.mode === 'node') {
    return {
      command: process.execPath,
      args: [join(import.meta.dirname, 'node-reader.ts'), port, streams, warm, seconds],
    };
  }
  return {
    command: compiled('reader'),
    args: [
      ['--port', port, '--streams', streams, '--mode', options.mode],
      ['--seconds', seconds, '--warm', warm],
    ].flat(),
  };
}
