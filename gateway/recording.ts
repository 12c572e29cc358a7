import { mkdirSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Cameras } from '#registry/cameras.ts';
import type { Databases } from '#registry/database/database.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import type { SpoolId } from '#storage/catalogue/spools.ts';
import { FOLDER_MARKER } from '#storage/objects/folder.ts';
import { openLate } from '#storage/objects/late-store.ts';
import { openMarkedFolder } from '#storage/objects/marked-folder.ts';
import { ObjectStoreUnavailable, type ObjectStore } from '#storage/objects/object-store.ts';
import { startRecording, type RecordingService } from '#storage/recording-service.ts';
import type { SweptCamera } from '#storage/retention.ts';
import { SPOOL_ID_FILE, spoolIdIn } from '#storage/spool/spool-id.ts';
import type { AuditKeeper } from './audit/keeper.ts';
import { isSigned } from './audit/signing-key.ts';
import type { Config } from './config.ts';

const LIST_PAGE = 500;
/** Of the disk, for what waits for a store that is away. */
const SPOOL_SHARE = 0.5;
const DAY_MS = 86_400_000;

/**
 * Recording as it is configured: the store, and the cameras that the registry says are recorded, each as long as its
 * inventory says (field ๙). Throws ObjectStoreRefused, and what the catalogue throws.
 */
export async function startRecordingOf(
  config: Config,
  {
    databases,
    cameras,
    audit,
    log,
  }: { databases: Databases; cameras: Cameras; audit: AuditKeeper; log: Logger },
): Promise<RecordingService> {
  const { spoolSyncMs, spoolMaxBytes, spoolMaxAgeMs, defaultRetentionDays, shorteningGraceDays } =
    config.recording;
  const sources = await cameras.streams();
  const { spoolFolder, spoolId, spoolName } = spoolOf(config);
  mkdirSync(spoolFolder, { recursive: true, mode: 0o700 });
  return startRecording({
    databases,
    store: await storeOrLate(config, log),
    recorderUrl: new URL('recorder-worker.ts', import.meta.url),
    spoolFolder,
    spoolId,
    spoolName,
    syncMs: spoolSyncMs,
    spoolBounds: {
      maxBytes: spoolMaxBytes ?? diskBytes(spoolFolder) * SPOOL_SHARE,
      maxAgeMs: spoolMaxAgeMs,
    },
    recorded: sources.filter(({ record }) => record).map(({ cameraId }) => cameraId),
    retention: () => retentionOf(cameras, defaultRetentionDays),
    inventoryDays: async (cameraId) =>
      (await cameras.detail(cameraId))?.camera.retentionDays ?? defaultRetentionDays,
    shorteningGraceMs: shorteningGraceDays * DAY_MS,
    signer: {
      keyId: audit.key.keyId,
      sign: (statement) => audit.key.sign(statement),
      isSigned: (statement, signature, keyId) =>
        keyId === audit.key.keyId && isSigned(statement, signature, audit.key.publicKey),
    },
    // In the audit log, whose anchors leave this machine.
    onSealed: async ({ day, number, root, recordings }) =>
      audit.log.record({
        actor: { id: 'system', name: 'gateway' },
        action: 'footage.seal',
        object: { kind: 'gateway', id: 'gateway' },
        outcome: 'done',
        from: { address: null, userAgent: null },
        detail: { day, number, root, recordings },
      }),
    newId: uuidV7Source(Date.now),
    now: Date.now,
    log: (event, fields) => log.info(fields, event),
  });
}

/** Where what is recorded waits; of several gateways on one database, whose it is. Throws what the file system throws. */
export function spoolOf({ dataDir, databaseUrl }: Pick<Config, 'dataDir' | 'databaseUrl'>): {
  spoolFolder: string;
  spoolId: SpoolId;
  spoolName: string;
} {
  const spoolFolder = join(dataDir, 'spool');
  const spoolId =
    databaseUrl === undefined
      ? null
      : spoolIdIn(join(dataDir, SPOOL_ID_FILE), uuidV7Source(Date.now));
  return { spoolFolder, spoolId, spoolName: `${hostname()}:${spoolFolder}` };
}

/**
 * The store, also one that does not answer yet: what is recorded waits for it in the spool. One that says no is a mistake
 * of whoever wrote the configuration, who is there to read of it. Throws ObjectStoreRefused.
 */
async function storeOrLate(config: Config, log: Logger): Promise<ObjectStore> {
  try {
    return await openStore(config);
  } catch (error) {
    if (!(error instanceof ObjectStoreUnavailable)) throw error;
    log.warn({ err: error }, 'the object store does not answer: recordings wait in the spool');
    return openLate(() => openStore(config));
  }
}

/** Where recordings are kept. Throws ObjectStoreRefused, ObjectStoreUnavailable. */
export async function openStore(config: Config): Promise<ObjectStore> {
  const { s3 } = config.recording;
  if (s3 === undefined) {
    return openMarkedFolder({
      root: join(config.dataDir, 'objects'),
      rememberedIn: join(config.dataDir, FOLDER_MARKER),
      newId: uuidV7Source(Date.now),
    });
  }
  // Its client is only in the memory of who uses it.
  const { openS3Store } = await import('#storage/objects/s3.ts');
  return openS3Store(s3);
}

async function* retentionOf(
  cameras: Cameras,
  defaultRetentionDays: number,
): AsyncGenerator<SweptCamera> {
  // What was recorded of a camera that is registered no more has its days too.
  for (const deleted of [false, true]) {
    let after: string | undefined;
    for (;;) {
      const page = await cameras.list({ deleted, after, limit: LIST_PAGE });
      for (const { id, retentionDays } of page) {
        yield { cameraId: id, retentionDays: retentionDays ?? defaultRetentionDays };
      }
      if (page.length < LIST_PAGE) break;
      after = page.at(-1)?.id;
    }
  }
}

function diskBytes(folder: string): number {
  const { bsize, blocks } = statfsSync(folder);
  return bsize * blocks;
}
