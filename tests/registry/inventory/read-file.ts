import type { Area } from '#registry/area.ts';
import type { Camera } from '#registry/camera.ts';
import { ImportRun } from '#registry/inventory/import-run.ts';
import type { RowFate } from '#registry/inventory/plan.ts';
import type { ImportState } from '#registry/inventory/import-run.ts';

const country: readonly Area[] = [{ level: 'country' }];
const WAIT_MS = 10;

/** Reads a file against a registry of these cameras, as far as the dry run. */
export async function dryRun(
  bytes: Uint8Array,
  existing: readonly Camera[] = [],
  areas: readonly Area[] = country,
): Promise<{ state: ImportState; rows: readonly RowFate[] }> {
  const run = new ImportRun({
    bytes: new Uint8Array(bytes),
    cameras: {
      list: async ({ after }) => (after === undefined ? [...existing] : []),
      apply: never,
    },
    areas,
    onFailure: (error) => {
      throw error;
    },
  });
  try {
    while (run.state.phase === 'reading' || run.state.phase === 'comparing') {
      await new Promise((done) => setTimeout(done, WAIT_MS));
    }
    return { state: run.state, rows: await run.rows({ show: undefined, after: 0, limit: 1_000 }) };
  } finally {
    await run.close();
  }
}

async function never(): Promise<never> {
  throw new Error('a dry run writes nothing');
}
