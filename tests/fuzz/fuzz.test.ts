import { describe, expect, test } from 'vitest';
import { runCampaign } from './campaign.ts';
import { goLiterals, readCorpora } from './corpus.ts';
import { targets } from './targets.ts';

/** `npm run fuzz` does a million each. */
const INPUTS = 1_500;
const SEED = 20_261_125;

describe('a short campaign', () => {
  test.each(targets().map((target) => [target.name, target] as const))(
    '%s: what ever failed, what others found, and mutations of it break nothing',
    (_, target) => {
      const { inputs, accepted } = runCampaign(target, INPUTS, SEED);
      expect(inputs).toBeGreaterThanOrEqual(INPUTS);
      // A target that refuses, or accepts, all it is given tests nothing.
      expect(accepted).toBeGreaterThan(0);
    },
  );

  test('all targets have names of their own', () => {
    const names = targets().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('corpora of Go projects', () => {
  test('literals are decoded', () => {
    expect(
      goLiterals('go test fuzz v1\n[]byte("a\\x00\\n\\"\\u00e9")\nstring("b")\nbool(true)\n'),
    ).toEqual([Buffer.from('a\0\n"é'), Buffer.from('b')]);
  });

  test('every file gives at least one input', (context) => {
    const files = readCorpora();
    if (files.length === 0) context.skip('no fuzz corpora in ../shared/data');
    expect(files.filter(({ inputs }) => inputs.length === 0).map(({ path }) => path)).toEqual([]);
    expect(files.length).toBeGreaterThanOrEqual(247);
  });
});
