/**
 * Every operation of our own OpenAPI, as every role and as nobody, with requests that fit, nearly fit or are hostile: no 5xx, answers as
 * described, and no word of what the gateway is made of. FUZZ_RUNS: requests for each role (6), FUZZ_SEED: other ones.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepAudit, type AuditKeeper } from '#gateway/audit/keeper.ts';
import { levelsOf, roles, type Grant, type Role } from '#gateway/auth/actor.ts';
import { registerAuditRoutes } from '#gateway/routes/audit.ts';
import { registerConditionRoute } from '#gateway/routes/condition.ts';
import { registerConnectionTestRoute } from '#gateway/routes/connection-test.ts';
import { registerDownloadRoutes } from '#gateway/routes/footage-downloads.ts';
import { registerFootageRoutes } from '#gateway/routes/footage.ts';
import { registerHoldRoutes } from '#gateway/routes/holds.ts';
import { registerOnvifDiscoveryRoutes } from '#gateway/routes/onvif-discoveries.ts';
import { openDeviceStills } from '#gateway/device-stills.ts';
import { registerCameraSnapshotRoute } from '#gateway/routes/camera-snapshot.ts';
import { registerOnvifStillRoute } from '#gateway/routes/onvif-still.ts';
import { registerOnvifRoutes } from '#gateway/routes/onvif.ts';
import { registerDeletionRoute } from '#gateway/routes/deletions.ts';
import { registerShorteningRoutes } from '#gateway/routes/shortenings.ts';
import { signedLinks } from '#gateway/signed-links.ts';
import { registerSurveyCountRoutes } from '#gateway/routes/survey-counts.ts';
import { registerSurveyReturnRoutes } from '#gateway/routes/survey-returns.ts';
import { registerSurveyRoundRoutes } from '#gateway/routes/survey-rounds.ts';
import { startSurvey, type Survey } from '#gateway/survey.ts';
import type { ConnectionTests } from '#ingest/connection-tests.ts';
import { systemAuthor } from '#registry/author.ts';
import { camerasAtAddresses } from '#registry/cameras-at-address.ts';
import { openDiscoveries } from '#registry/onvif/discoveries.ts';
import { parseCameraNetworks } from '#registry/camera-networks.ts';
import { ConditionBoard } from '#registry/events/condition-board.ts';
import { conditionHistory } from '#registry/events/condition-history.ts';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { readPlaces } from '#registry/camera-places.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { openFootage } from '#storage/footage.ts';
import { LegalHolds } from '#storage/legal-hold.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { Shortenings } from '#storage/shortening.ts';
import { newRound } from '#registry/survey/rounds.ts';
import { ServerRig } from '../gateway/auth/server-rig.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { broken, leaks, operationsOf, requestsFor, type AnyRequest } from './any-request.ts';
import { hostileText, openParts, type OpenApi } from './from-schema.ts';
import { memoryFolder } from '../memory-folder.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 6);
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_125);
const TIMEOUT_MS = 120_000 + runs * 20_000;

const here = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const elsewhere = { name: 'อบต.บ้านดู่', district: 'เมืองเชียงราย', province: 'เชียงราย' };
/** Operations that may end the session of who asks, or their right. */
const endsOwn = /\/(?:session|setup|profile|people|laos)\b/;
/** Never answered in one piece. */
const streams = new Set(['get /api/v1/events']);

let rig: ServerRig;
let survey: Survey;
let keeper: AuditKeeper;
let databases: Databases;
let folder: string;
let document: OpenApi;
let ids: string[];
let sent = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(memoryFolder(), 'every-route-'));
  databases = openDatabases({ dataDir: folder });
  keeper = await keepAudit(
    databases,
    { dataDir: folder, audit: { retentionDays: 90, keyFile: undefined, anchorFile: undefined } },
    { now: Date.now, log: { info: () => {}, error: () => {} } },
  );
  const catalogue = await openCatalogue(databases);
  const store = openFolderStore(join(folder, 'objects'));
  const storage = { catalogue, newId: uuidV7Source(Date.now), now: Date.now, log: () => {} };
  const holds = new LegalHolds({ ...storage, store });
  const shortenings = new Shortenings({
    ...storage,
    inventoryDays: async () => 30,
    graceMs: 1_000,
  });
  const spoolFolder = join(folder, 'spool');
  const footage = openFootage({ catalogue, store, spoolFolder, open: new OpenRecordings() });
  const links = signedLinks(Buffer.alloc(32, 1), Date.now);
  const placesOf = async (given: readonly string[]) => readPlaces(rig.registry, given);
  rig = await ServerRig.start({
    audit: keeper.log,
    extraRoutes: [
      (app) => registerAuditRoutes(app, keeper, async () => new Map()),
      (app) =>
        registerConditionRoute(app, {
          cameras: rig.cameras,
          conditions: new ConditionBoard(),
          history: async (id, query) => conditionHistory(rig.registry, id, query),
        }),
      (app) => {
        survey = startSurvey({
          registry: rig.registry,
          cameras: rig.cameras,
          log: { info: () => {}, error: () => {} },
          now: Date.now,
        });
        registerSurveyCountRoutes(app, survey.deps);
        registerSurveyRoundRoutes(app, survey.deps);
        registerSurveyReturnRoutes(app, survey.deps);
      },
      (app) => registerConnectionTestRoute(app, { connectionTests: { run: neverDials } }),
      (app) =>
        registerFootageRoutes(app, {
          footage,
          shortenings,
          links,
          whileAllowed: (stream) => stream,
          now: Date.now,
        }),
      (app) =>
        registerDownloadRoutes(app, {
          footage,
          cameras: rig.cameras,
          links,
          mayDownload: async () => true,
          whileAllowed: (stream) => stream,
          now: Date.now,
        }),
      (app) => registerHoldRoutes(app, { holds, readPlaces: placesOf }),
      (app) => registerShorteningRoutes(app, { shortenings, readPlaces: placesOf }),
      (app) => registerDeletionRoute(app, { footage, readPlaces: placesOf }),
      (app) =>
        registerOnvifDiscoveryRoutes(app, {
          discoveries: openDiscoveries({ discover: async () => [] }, Date.now),
          cameraNetworks: parseCameraNetworks(['192.168.0.0/16']),
        }),
      (app) => {
        const deviceStills = openDeviceStills(async () => ({
          result: 'unreachable',
          detail: '',
          still: null,
        }));
        registerOnvifStillRoute(app, { deviceStills });
        registerCameraSnapshotRoute(app, { cameras: rig.cameras, deviceStills });
      },
      (app) =>
        registerOnvifRoutes(app, {
          deviceCalls: {
            probe: async () => ({
              result: 'unreachable',
              detail: '',
              suggestions: [],
              streams: [],
              channelsLeftOut: 0,
            }),
            discover: async () => [],
          },
          cameras: rig.cameras,
          camerasAt: async (urls) => camerasAtAddresses(rig.registry, urls),
          cameraNetworks: parseCameraNetworks(['192.168.0.0/16']),
          deviceReadings: rig.deviceReadings,
        }),
    ],
  });
  document = (
    await rig.app.inject({ url: '/api/v1/openapi.json', headers: { host: 'localhost' } })
  ).json();
  giveExample('/api/v1/cameras', krabiCamera({ lao: here, stream: null }));
  giveExample('/api/v1/people', {
    name: 'สมหญิง',
    email: 'somying@lanta.go.th',
    grants: [{ role: 'owner', area: areaOf('lao') }],
  });
  const person = await rig.signedIn([{ role: 'owner', area: areaOf('lao') }]);
  ids = [await rig.addCamera(here), await rig.addCamera(elsewhere), person.id, person.sessionId];
  ids.push(...(await frozenRound()));
});

afterAll(async () => {
  await survey.close();
  await rig.close();
  await keeper.close();
  await databases.close();
  rmSync(folder, { recursive: true });
});

/** A round of the survey, and its returns. */
async function frozenRound(): Promise<string[]> {
  const dueAt = new Date(Date.now() + 86_400_000).toISOString();
  const { id } = await survey.deps.rounds.open(
    newRound.parse({
      title: 'การสำรวจ',
      reference: 'ว ๑',
      cutOffAt: new Date().toISOString(),
      deadlines: { lao: { dueAt }, district: { dueAt }, province: { dueAt } },
    }),
    systemAuthor,
  );
  await survey.deps.freeze();
  const returns = await rig.registry.selectFrom('survey_returns').select('id').execute();
  return [id, ...returns.map((one) => one.id)];
}

/** As for an address that nobody answers at. */
async function neverDials(): ReturnType<ConnectionTests['run']> {
  return {
    reason: 'unreachable',
    detail: 'no route',
    transport: 'tcp',
    codec: null,
    width: null,
    height: null,
    frameRate: null,
    bitsPerSecond: null,
    clockOffsetMs: null,
    firstPictureMs: null,
    still: null,
    stillOutcome: 'no_picture',
  };
}

/** A body that fits, to begin from: what the schema alone describes is mostly refused by rules between fields. */
function giveExample(path: string, body: object): void {
  const schema = document.paths[path]?.['post']?.requestBody?.content['application/json']?.schema;
  if (typeof schema === 'object') schema.examples = [body];
}

function areaOf(level: Grant['area']['level']): Grant['area'] {
  const { province, district, name: lao } = here;
  switch (level) {
    case 'country':
      return { level };
    case 'province':
      return { level, province };
    case 'district':
      return { level, province, district };
    case 'lao':
      return { level, province, district, lao };
  }
}

async function headersOf(role: Role | undefined): Promise<Record<string, string>> {
  if (role === undefined) return { host: 'localhost' };
  const area = areaOf(levelsOf[role].at(-1) ?? 'country');
  return { ...(await rig.signedIn([{ role, area }])).headers, origin: 'http://localhost' };
}

async function send(given: AnyRequest, headers: Record<string, string>) {
  // Each from an address of its own, or most of them would only meet the throttle.
  const number = ++sent;
  return rig.app.inject({
    remoteAddress: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    method: given.method as 'GET',
    url: given.url,
    headers: { ...headers, ...given.headers },
    ...(given.payload === undefined ? {} : { payload: given.payload }),
  });
}

test('a body holds what its route knows and nothing else: a name that is spelt wrongly is refused, not passed over', () => {
  const open = operationsOf(document).flatMap(({ name, operation }) => {
    const json = operation.requestBody?.content['application/json']?.schema;
    return json === undefined ? [] : openParts(json, document).map((part) => `${name} ${part}`);
  });
  expect(open).toEqual([]);
});

test(
  'no request to any route, from anybody, is answered with a fault of ours or otherwise than described',
  async () => {
    const faults: string[] = [];
    const statuses: Record<string, number> = {};
    const signedIn = new Map<Role | undefined, Record<string, string>>();
    for (const [index, operation] of operationsOf(document).entries()) {
      if (streams.has(operation.name)) continue;
      const anyRequest = requestsFor(operation, document, ids);
      for (const [at, role] of [undefined, ...roles].entries()) {
        // Of one who has just come, where that matters.
        const headers = signedIn.get(role) ?? (await headersOf(role));
        if (endsOwn.test(operation.path)) signedIn.delete(role);
        else signedIn.set(role, headers);
        const requests = fc.sample(anyRequest, {
          numRuns: runs,
          seed: seed + index * 100 + at,
        });
        for (const given of requests) {
          const answer = await send(given, headers);
          const kind = `${String(answer.statusCode)[0]}xx`;
          statuses[kind] = (statuses[kind] ?? 0) + 1;
          const fault = broken(operation, document, answer) ?? leaks(answer);
          if (fault !== undefined) faults.push(`${fault} · as ${role} · ${JSON.stringify(given)}`);
        }
      }
    }
    expect(faults).toEqual([]);
    // It got somewhere: not all of it was refused at the door.
    expect(statuses['2xx']).toBeGreaterThan(100);
    expect(statuses['4xx']).toBeGreaterThan(100);
  },
  TIMEOUT_MS,
);

test('no address under /live/, and none at all, is answered with a fault of ours', async () => {
  await rig.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = rig.app.server.address() as AddressInfo;
  const headers = await headersOf('operator');
  const part = fc.oneof(hostileText, fc.constantFrom(...ids, 'index.m3u8', 'media.m3u8', '..'));
  const paths = fc.sample(
    fc
      .tuple(
        fc.constantFrom('/live/', '/', '/assets/', '/api/'),
        fc.array(part, { maxLength: 3 }),
        hostileText,
      )
      .map(([prefix, parts, query]) => {
        const path =
          prefix + parts.map((text) => encodeURIComponent(text.toWellFormed())).join('/');
        return `${path}?_HLS_msn=${encodeURIComponent(query.toWellFormed())}`;
      }),
    { numRuns: runs * 30, seed },
  );
  for (const path of [...paths, '/live/%', '/live//', '/live/a/%00', '/%ff', '//', '/live/a/b?%']) {
    const sent = httpRequest({ port, path, headers, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    expect([path, answer.statusCode]).toEqual([path, expect.toSatisfy(isNoFault)]);
  }
});

/** 503 is what `/` is answered where the screens are not built. */
function isNoFault(status: number): boolean {
  return status < 500 || status === 503;
}
