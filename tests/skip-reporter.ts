import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Says at the end what was skipped and why, one line a reason, and the counts on a line of their own: a part that the
 * machine lacks is never passed over in silence.
 */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const reasons = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state]++;
        if (state !== 'skipped') continue;
        const reason = reasonOf(test);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
    for (const [reason, tests] of reasons) console.log(`skipped: ${reason} (${tests} tests)`);
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}

/** The note given to skip(), or else the test's own name, which then has to tell. */
function reasonOf(test: TestCase): string {
  const result = test.result();
  return (result.state === 'skipped' ? result.note : undefined) ?? test.fullName;
}
