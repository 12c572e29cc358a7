/**
 * Thirty days of recordings of a camera in a bucket, without the 650 GB that they would take: half an hour is really
 * recorded and put, and its objects stand for every half hour before it.
 */
import { openPeople } from '#gateway/auth/people.ts';
import { country } from '#registry/area.ts';
import { openCameras } from '#registry/cameras.ts';
import { newCamera } from '#registry/camera.ts';
import { openLaoPlaces } from '#registry/lao-places.ts';
import { openLaos } from '#registry/laos.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { openSecretBox } from '#registry/secret-box.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { recordingsBetween, type Recording } from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import type { ObjectStore } from '#storage/objects/object-store.ts';
import { decodeFragments, encodeFragments } from '#storage/spool/fragment-index.ts';
import { seedRun } from '#tests/end-to-end/recorded-history.ts';
import { picturesOf } from '#tests/ingest/cut.ts';
import { krabiCamera } from '#tests/registry/krabi-camera.ts';
import { benchClip, CLIP_FRAMES_PER_SECOND } from './clip.ts';

export const SLOT_MS = 30 * 60_000;
const ROWS_A_STATEMENT = 100;

export interface LongHistory {
  cameraId: string;
  /** Of an investigator, for the cookie `session`. */
  session: string;
  fromMs: number;
  toMs: number;
  rows: number;
  /** Of the half hour that was really recorded, in order. */
  recordings: Recording[];
}

export async function makeLongHistory(
  dataDir: string,
  store: ObjectStore,
  days: number,
): Promise<LongHistory> {
  const databases = openDatabases({ dataDir });
  const newId = uuidV7Source(Date.now);
  try {
    const box = openSecretBox({ dataDir });
    const registry = await openRegistry(databases);
    const cameras = openCameras(registry, { box, now: Date.now });
    const author = { id: 'bench', name: 'bench', proxyFor: null };
    const given = newCamera.parse(krabiCamera({ stream: null, retentionDays: days + 1 }));
    const { id: cameraId } = await cameras.create(given, { author, duplicateConfirmed: true });

    const people = await openPeople(databases, {
      laos: openLaoPlaces(registry, openLaos(registry, { now: Date.now })),
      now: Date.now,
      box,
      adminToken: undefined,
      log: { warn: () => {} },
    });
    const { account } = await people.accounts.create({
      name: 'bench',
      email: 'bench@example.go.th',
      grants: [{ role: 'investigator', area: country }],
    });
    const { token } = await people.sessions.begin(account.id, {
      secondFactor: true,
      address: null,
      userAgent: null,
    });
    people.close();

    const catalogue = await openCatalogue(databases);
    const toMs = Math.floor(Date.now() / SLOT_MS) * SLOT_MS;
    const lastSlotMs = toMs - SLOT_MS;
    await seedRun(
      { catalogue, store, newId },
      cameraId,
      { startMs: lastSlotMs, seconds: SLOT_MS / 1_000 },
      { pictures: picturesOf(benchClip()), perSecond: CLIP_FRAMES_PER_SECOND },
    );
    const recordings = await recordingsBetween(catalogue, cameraId, lastSlotMs, toMs);
    const slots = (days * 86_400_000) / SLOT_MS;
    for (let slot = 1; slot < slots; slot++) {
      await copySlot(catalogue, recordings, -slot * SLOT_MS, newId);
    }
    return {
      cameraId,
      session: token,
      fromMs: toMs - slots * SLOT_MS,
      toMs,
      rows: recordings.length * slots,
      recordings,
    };
  } finally {
    await databases.close();
  }
}

/** The same objects, recorded earlier; a run of its own. */
async function copySlot(
  catalogue: Catalogue,
  recordings: readonly Recording[],
  byMs: number,
  newId: () => string,
): Promise<void> {
  const runId = newId();
  const ids = recordings.map(({ id }) => id);
  const rows = await catalogue
    .selectFrom('recordings')
    .selectAll()
    .where('id', 'in', ids)
    .execute();
  const indexes = await catalogue
    .selectFrom('recording_fragments')
    .selectAll()
    .where('recording_id', 'in', ids)
    .execute();
  const idOf = new Map(ids.map((id) => [id, newId()]));
  const named = (id: string): string => idOf.get(id) ?? id;
  await catalogue.transaction().execute(async (transaction) => {
    for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
      await transaction
        .insertInto('recordings')
        .values(
          rows.slice(i, i + ROWS_A_STATEMENT).map((row) => ({
            ...row,
            id: named(row.id),
            run_id: runId,
            start_ms: row.start_ms + byMs,
            end_ms: row.end_ms + byMs,
          })),
        )
        .execute();
    }
    for (const { recording_id, start_ms, fragment_index } of indexes) {
      const moved = decodeFragments(fragment_index).map((fragment) => ({
        ...fragment,
        startMs: fragment.startMs + byMs,
      }));
      await transaction
        .insertInto('recording_fragments')
        .values({
          recording_id: named(recording_id),
          start_ms: start_ms + byMs,
          fragment_index: encodeFragments(moved),
        })
        .execute();
    }
  });
}
