import { defineConfig } from 'vitest/config';
import { WAIT_MS } from './wait-bound.ts';

const TEST_TIMEOUT_MS = 30 * 60_000;

/** Tests that run for minutes and take the machine for themselves, one file after another. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['tests/torture/**/*.test.ts'],
    passWithNoTests: true,
    reporters: ['default', new URL('skip-reporter.ts', import.meta.url).pathname],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    globalSetup: [new URL('contracts/postgres-of-run.ts', import.meta.url).pathname],
    setupFiles: [new URL('wait-bound.ts', import.meta.url).pathname],
    expect: { poll: { timeout: WAIT_MS } },
  },
});
