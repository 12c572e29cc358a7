import type { Area } from '#registry/area.ts';
import type { Camera } from '#registry/camera.ts';
import type { ComparedRow } from '#registry/compared-cameras.ts';
import { ImportRun } from '#registry/inventory/import-run.ts';
import type { RowFate } from '#registry/inventory/fates.ts';
import type { ImportState } from '#registry/inventory/import-run.ts';

const country: readonly Area[] = [{ level: 'country' }];
const WAIT_MS = 10;

/** Reads a file against a registry of these cameras, as far as the dry run. */
export async function dryRun(
  bytes: Uint8Array,
  existing: readonly Camera[] = [],
  areas: readonly Area[] = country,
  cameraNetworks?: readonly string[],
): Promise<{ state: ImportState; rows: readonly RowFate[] }> {
  const run = new ImportRun({
    bytes: new Uint8Array(bytes),
    cameras: {
      compared: async (_wanted, { tell }) => {
        tell?.(existing.map(comparedRow));
        return '';
      },
      apply: never,
    },
    areas,
    cameraNetworks,
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

function comparedRow(camera: Camera): ComparedRow {
  const { lao, stream } = camera;
  return [
    camera.id,
    camera.version,
    camera.owningAgency,
    camera.position,
    camera.purposes,
    camera.linkedAgencies,
    camera.linkNetwork,
    camera.brand,
    camera.model,
    camera.recordedResolution,
    camera.highestResolution,
    camera.retentionDays,
    camera.frameRate,
    camera.fileFormat,
    lao.name,
    lao.district,
    lao.province,
    camera.budgetSource,
    camera.scope,
    camera.declared,
    camera.declaredReason,
    camera.latitude,
    camera.longitude,
    camera.site,
    stream?.url ?? null,
    stream?.subUrl ?? null,
    stream?.username ?? null,
    false,
    stream?.transport ?? null,
    stream?.sound ?? false,
    stream?.record ?? false,
  ];
}

async function never(): Promise<never> {
  throw new Error('a dry run writes nothing');
}
