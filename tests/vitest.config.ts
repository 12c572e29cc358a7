import { defineConfig } from 'vitest/config';
import { ENVIRONMENT } from '#gateway/process-settings.ts';
import LongFoldersFirst from './sequencer.ts';
import { WAIT_MS } from './wait-bound.ts';

/** Longer than what it may wait for: whoever waited in vain says for what. */
const TEST_TIMEOUT_MS = 60_000;

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['tests/**/*.test.ts'],
    // Slow on purpose: `npm run torture`.
    exclude: ['tests/torture/**', '**/node_modules/**'],
    reporters: ['default', new URL('skip-reporter.ts', import.meta.url).pathname],
    // Tests start worker threads and servers of their own: a process for each file keeps them apart.
    pool: 'forks',
    // Each of their threads and processes would compile its sources anew: a third of what one costs that does little else.
    env: { NODE_COMPILE_CACHE: ENVIRONMENT.NODE_COMPILE_CACHE },
    // They wait for cameras more than they compute; on two cores the default is one, and twice as slow. Three at once take a sixth
    // less than two, and make what is measured by the clock wait: in each of two runs another test failed.
    maxWorkers: 2,
    // Nor do those of one file that run beside each other.
    maxConcurrency: 12,
    sequence: { sequencer: LongFoldersFirst },
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    globalSetup: [new URL('contracts/postgres-of-run.ts', import.meta.url).pathname],
    setupFiles: [new URL('wait-bound.ts', import.meta.url).pathname],
    expect: { poll: { timeout: WAIT_MS } },
  },
});
