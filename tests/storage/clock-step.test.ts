import { describe, expect, it } from 'vitest';
import { clockInStep, type RunCommand } from '#storage/clock-step.ts';

/** chronyc(1) 4.3 on Debian 12, `chronyc -c tracking`. */
const IN_STEP =
  'A29FC87B,162.159.200.123,4,1764115200.123456789,-0.000012345,0.000004321,0.000123,-12.345,0.001,0.05,0.02,0.001,64.5,Normal\n';
const NEVER_SET =
  '00000000,,0,0.000000000,0.000000000,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n';

const answering =
  (answers: Readonly<Record<string, string>>): RunCommand =>
  async (command) => {
    const answer = answers[command];
    if (answer === undefined) throw new Error(`${command}: not found`);
    return answer;
  };
const nothing = (): boolean => false;

describe('whether our clock is in step', () => {
  it.each([
    ['chrony says so', { chronyc: IN_STEP }, true],
    ['chrony has not set it', { chronyc: NEVER_SET }, false],
    [
      'chrony knows it to be a second off',
      { chronyc: IN_STEP.replace('-0.000012345', '1.2') },
      false,
    ],
    ['the kernel says so, by systemd', { timedatectl: 'yes\n' }, true],
    ['the kernel says no', { timedatectl: 'no\n' }, false],
    ['what answers is not understood', { chronyc: '506 Cannot talk to daemon' }, null],
    ['nobody can tell', {}, null],
  ])('%s', async (_, answers, expected) => {
    expect(await clockInStep(answering(answers), nothing)).toBe(expected);
  });

  it('timesyncd leaves a mark', async () => {
    expect(await clockInStep(answering({}), () => true)).toBe(true);
  });
});
