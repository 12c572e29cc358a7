/**
 * `npm run fuzz [-- --inputs 1000000 --seed 1 --target rtsp-reply]`: every target, a line of counts each. An input that
 * breaks something is written to `tests/fuzz/fixtures/<target>/`, where the tests find it from then on, and the run
 * ends with status 1.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Finding, runCampaign } from './campaign.ts';
import { targets } from './targets.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);
const chosen = targets().filter(
  ({ name }) => values.target === undefined || name === values.target,
);
if (chosen.length === 0) throw new RangeError(`no target ${values.target}`);

console.log(`seed ${seed}, Node ${process.version}`);
console.log(
  '| target | inputs | accepted | slowest, CPU ms | again | seconds |\n|---|---|---|---|---|---|',
);
for (const target of chosen) {
  const startMs = performance.now();
  try {
    const { inputs: fed, accepted, ...cpu } = runCampaign(target, inputs, seed);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const slowest = `${cpu.slowestMs.toFixed(1)} | ${cpu.slowestAgainMs.toFixed(2)}`;
    console.log(`| ${target.name} | ${fed} | ${accepted} | ${slowest} | ${seconds} |`);
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    process.exitCode = 1;
    const folder = fileURLToPath(new URL(`fixtures/${target.name}/`, import.meta.url));
    mkdirSync(folder, { recursive: true });
    const file = join(folder, createHash('sha256').update(error.input).digest('hex').slice(0, 16));
    writeFileSync(file, error.input);
    console.log(`| ${target.name} | a finding, kept in ${file} | | | | |`);
    console.error(error);
  }
}
