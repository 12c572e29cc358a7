import { seededRandom } from '../simulator/seeded-random.ts';
import { readCorpora, readFixtures } from './corpus.ts';
import { mutate } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

export interface Campaign {
  target: string;
  /** Fixtures and corpora, each once, then mutations. */
  inputs: number;
  /** Inputs of which the parser made something; the rest it refused with a coded error. */
  accepted: number;
  /** The most processor time of this thread that one input took, ms. Compiling and collecting garbage fall on any of them. */
  slowestMs: number;
  /** The same input when fed again: the least of three. */
  slowestAgainMs: number;
}

/** An input that broke something; `input` belongs into `fixtures/<target>/`. */
export class Finding extends Error {
  readonly code = 'fuzz_finding';
  readonly target: string;
  readonly input: Buffer;

  constructor(target: string, input: Buffer, cause: unknown) {
    super(`${target}: ${String(cause)} (input ${input.toString('hex').slice(0, 400)})`, { cause });
    this.target = target;
    this.input = input;
  }
}

/** Feeds a target all that is known and then `mutations` made of it. Throws Finding. The same for the same seed. */
export function runCampaign(target: FuzzTarget, mutations: number, seed: number): Campaign {
  const known = [...readFixtures(target.name), ...readCorpora()].flatMap(({ inputs }) => inputs);
  const campaign: Campaign = {
    target: target.name,
    inputs: 0,
    accepted: 0,
    slowestMs: 0,
    slowestAgainMs: 0,
  };
  let slowest: Buffer = Buffer.alloc(0);
  const timed = (input: Buffer): number => {
    const before = process.threadCpuUsage();
    try {
      if (target.run(input)) campaign.accepted++;
    } catch (error) {
      throw new Finding(target.name, input, error);
    }
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  const feed = (input: Buffer): void => {
    const ms = timed(input);
    campaign.inputs++;
    if (ms <= campaign.slowestMs) return;
    campaign.slowestMs = ms;
    slowest = input;
  };
  for (const input of [...target.seeds, ...known]) feed(input);
  // Others' findings are small and odd: good to mutate too, but most mutations start from what is nearly lawful.
  const seeds = [...repeated(target.seeds, known.length), ...known];
  const random = seededRandom(seed);
  for (let i = 0; i < mutations; i++) feed(mutate(seeds, random));
  const { accepted } = campaign;
  campaign.slowestAgainMs = Math.min(...[1, 2, 3].map(() => timed(slowest)));
  return { ...campaign, accepted };
}

function repeated(seeds: readonly Buffer[], atLeast: number): Buffer[] {
  if (seeds.length === 0) return [];
  const times = Math.max(1, Math.ceil((atLeast * 3) / seeds.length));
  return Array.from({ length: times }, () => seeds).flat();
}
