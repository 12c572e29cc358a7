/** What the threads begin with that every gateway has. */
const threads = [
  async () => import('./camera-worker.ts'),
  async () => import('./recorder-worker.ts'),
  async () => import('#registry/database/sqlite-thread.ts'),
];

/** Has them compiled, so that they stand in the compile cache. */
export async function compileThreads(): Promise<void> {
  for (const load of threads) {
    try {
      await load();
    } catch {
      // Compiled, it refuses to run outside of a thread.
    }
  }
}
