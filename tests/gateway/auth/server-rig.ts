import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import type { LiveViews } from '#gateway/audit/views.ts';
import type { Grant } from '#gateway/auth/actor.ts';
import { openPeopleDatabase } from '#gateway/auth/people-database.ts';
import { openPeople, type People } from '#gateway/auth/people.ts';
import { openDeviceReadings, type DeviceReadings } from '#gateway/device-readings.ts';
import { buildServer, type ServerDeps } from '#gateway/server.ts';
import { LiveStateBoard } from '#ingest/live-states.ts';
import type { Place } from '#registry/area.ts';
import { readIdsWithin, readPlaces } from '#registry/camera-places.ts';
import { newCamera } from '#registry/camera.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { Databases } from '#registry/database/database.ts';
import { defaultCameraNetworks, parseCameraNetworks } from '#registry/camera-networks.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { findLaos } from '#registry/find-laos.ts';
import { openLaoPlaces } from '#registry/lao-places.ts';
import { namesNotListed } from '#registry/known-names.ts';
import { openLaos } from '#registry/laos.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { byTest, camerasOf, testBox } from '../../registry/cameras-of.ts';
import { krabiCamera } from '../../registry/krabi-camera.ts';
import { copyMigrated, forgetMigrated } from '../../registry/migrated-folder.ts';
import { AuditInMemory } from '../audit/audit-in-memory.ts';
import { memoryFolder } from '../../memory-folder.ts';

export const ADMIN_TOKEN = 'an-administrator-of-tests-0123456789';
/** Headers of an administrator of the whole country. */
export const asAdministrator = { host: 'localhost', authorization: `Bearer ${ADMIN_TOKEN}` };

/** Nothing is watched where there are no windows. */
const noViews: Pick<LiveViews, 'touch' | 'end'> = { touch: () => undefined, end: () => {} };

const schemas = async (databases: Databases): Promise<void> => {
  await openRegistry(databases);
  await openPeopleDatabase(databases);
};

afterAll(forgetMigrated);

/** The gateway's HTTP side over real databases in a folder of their own, with people, on a clock that tests may set. */
export class ServerRig {
  readonly folder = mkdtempSync(join(memoryFolder(), 'server-rig-'));
  readonly audit = new AuditInMemory();
  readonly liveStates = new LiveStateBoard();
  readonly clock = { aheadMs: 0 };
  readonly now = (): number => Date.now() + this.clock.aheadMs;
  databases!: Databases;
  registry!: RegistryDatabase;
  people!: People;
  cameras!: Cameras;
  deviceReadings!: DeviceReadings;
  app!: FastifyInstance;
  #people = 0;

  static async start(
    more: Partial<ServerDeps> = {},
    { recheckMs }: { recheckMs?: number } = {},
  ): Promise<ServerRig> {
    const rig = new ServerRig();
    await copyMigrated(rig.folder, schemas);
    rig.databases = openDatabases({ dataDir: rig.folder });
    rig.registry = await openRegistry(rig.databases);
    rig.cameras = camerasOf(rig.registry);
    rig.deviceReadings = openDeviceReadings(rig.now);
    const laos = openLaos(rig.registry, { now: rig.now });
    rig.people = await openPeople(rig.databases, {
      laos: openLaoPlaces(rig.registry, laos),
      now: rig.now,
      box: testBox,
      adminToken: ADMIN_TOKEN,
      recheckMs,
      log: { warn: () => {} },
    });
    rig.app = buildServer({
      config: {
        host: '127.0.0.1',
        cameraNetworks: parseCameraNetworks(defaultCameraNetworks),
      },
      log: pino({ level: 'silent' }),
      audit: rig.audit,
      people: rig.people,
      views: noViews,
      cameras: rig.cameras,
      liveStates: rig.liveStates,
      readPlaces: async (ids) => readPlaces(rig.registry, ids),
      readIdsWithin: async (areas) => readIdsWithin(rig.registry, areas),
      findLaos: async (name) => findLaos(rig.registry, name, 100),
      canonicalLao: async (given) => laos.canonical(given),
      namesNotListed: async (given) => namesNotListed(rig.registry, given),
      deviceReadings: rig.deviceReadings,
      // A walk over all routes as all roles asks more in a minute than one address may.
      requestLimits: { requestsPerMinute: 1_000_000, changesPerMinute: 1_000_000 },
      webFolder: join(rig.folder, 'no-such-folder'),
      ...more,
    });
    return rig;
  }

  async close(): Promise<void> {
    await this.app.close();
    this.people.close();
    await this.databases.close();
    rmSync(this.folder, { recursive: true });
  }

  /** A person with a session, as their browser's headers. Their second factor was shown unless it says otherwise. */
  async signedIn(
    grants: readonly Grant[],
    { secondFactor = true }: { secondFactor?: boolean } = {},
  ): Promise<{
    id: string;
    sessionId: string;
    headers: { host: string; cookie: string; origin: string };
  }> {
    const email = `person-${++this.#people}@example.go.th`;
    const { account } = await this.people.accounts.create({ name: `คนที่ ${email}`, email, grants });
    const session = await this.people.sessions.begin(account.id, {
      secondFactor,
      address: null,
      userAgent: null,
    });
    return {
      id: account.id,
      sessionId: session.id,
      headers: {
        host: 'localhost',
        cookie: `session=${session.token}`,
        origin: 'http://localhost',
      },
    };
  }

  async addCamera(lao: Place): Promise<string> {
    const { id } = await this.cameras.create(
      newCamera.parse(krabiCamera({ lao, stream: null })),
      byTest,
    );
    return id;
  }
}
