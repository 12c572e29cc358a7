/** Where and when a result was seen: a number without it says nothing. */
import { cpus, release, totalmem } from 'node:os';

export function machineLine(now: Date): string {
  const processor = cpus();
  return [
    now.toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    `${processor[0]?.model.trim() ?? 'unknown processor'}, ${processor.length} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `Linux ${release()}`,
    `Node ${process.version}`,
  ].join(' · ');
}
