import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actionNames, type Action } from '#gateway/auth/actions.ts';
import { roles, type Actor, type Role } from '#gateway/auth/actor.ts';
import { allowedTo, decide } from '#gateway/auth/policy.ts';
import { parseConfig } from '#gateway/config.ts';
import { startGateway, type Gateway } from '#gateway/gateway.ts';
import { country, type Area, type Place } from '#registry/area.ts';
import { newCamera } from '#registry/camera.ts';
import { byTest } from '../../registry/cameras-of.ts';
import { krabiCamera } from '../../registry/krabi-camera.ts';
import { ServerRig } from './server-rig.ts';
import { memoryFolder } from '../../memory-folder.ts';

const WALK_MS = 120_000;

/**
 * Written by hand, beside the policy and not from it: which roles may do what within their area. `o`wner, `d`istrict,
 * `p`rovince, dl`a`, ope`r`ator, `i`nvestigator, app`v`rover (v), a`u`ditor, ad`m`inistrator.
 */
const expected: Readonly<Record<Action, string>> = {
  'camera.list': 'odparivum',
  'camera.read': 'odparivum',
  'camera.watch': 'oparim',
  'camera.create': 'odm',
  'camera.edit': 'odm',
  'camera.delete': 'odm',
  'camera.credentials': 'odm',
  'camera.import': 'odm',
  'camera.export': 'odpam',
  'camera.test': 'odm',
  'camera.declare': 'odm',
  'repair.list': 'odparm',
  'repair.keep': 'odm',
  'place.propose': 'odam',
  'place.manage': 'a',
  'survey.read': 'odparum',
  'survey.fill': 'odm',
  'survey.district': 'dm',
  'survey.province': 'pm',
  'survey.country': 'am',
  'footage.list': 'oparivm',
  'footage.play': 'orim',
  'footage.download': 'oim',
  'footage.hold': 'orivm',
  'footage.release': 'vm',
  'retention.shorten': 'oam',
  'retention.approve': 'vm',
  'deletions.read': 'opaivum',
  'people.manage': 'm',
  'audit.read': 'u',
  'audit.export': 'u',
  'metrics.read': 'arm',
};
const letterOf: Readonly<Record<Role, string>> = {
  owner: 'o',
  district: 'd',
  province: 'p',
  dla: 'a',
  operator: 'r',
  investigator: 'i',
  approver: 'v',
  auditor: 'u',
  administrator: 'm',
};

const inside: Place = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const outside: Place = { name: 'ทม.พังงา', district: 'เมืองพังงา', province: 'พังงา' };
const krabi: Area = { level: 'province', province: 'กระบี่' };
const areaOfRole: Readonly<Record<Role, Area>> = {
  owner: { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao: inside.name },
  district: { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' },
  province: krabi,
  dla: country,
  operator: krabi,
  investigator: krabi,
  approver: krabi,
  auditor: country,
  administrator: krabi,
};

function may(role: Role, action: Action): boolean {
  return expected[action].includes(letterOf[role]);
}

let folder: string;
let gateway: Gateway;
const cookies = new Map<Role, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(memoryFolder(), 'every-route-'));
  const config = parseConfig({ PORT: '0', DATA_DIR: folder, WORKERS: '1' });
  gateway = await startGateway(config, pino({ level: 'silent' }));
  for (const role of roles) {
    const { account } = await gateway.people.accounts.create({
      name: role,
      email: `${role}@example.go.th`,
      grants: [{ role, area: areaOfRole[role] }],
    });
    const { token } = await gateway.people.sessions.begin(account.id, {
      secondFactor: true,
      address: null,
      userAgent: null,
    });
    cookies.set(role, `session=${token}`);
  }
}, WALK_MS);

afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

interface Route {
  method: string;
  url: string;
  action: Action | 'public' | 'signed-in';
  subject: 'camera' | 'person' | undefined;
}

/** Live media stands before Fastify (decisions/0006), and is named here. */
const liveRoute: Route = {
  method: 'GET',
  url: '/live/:id/index.m3u8',
  action: 'camera.watch',
  subject: 'camera',
};

function routes(): Route[] {
  return [
    liveRoute,
    ...gateway.routes.flatMap(({ method, url, config }): Route[] =>
      [method]
        .flat()
        .filter((one) => one !== 'HEAD')
        .map((one) => ({
          method: one,
          url,
          action: config?.action ?? 'public',
          subject: config?.subject,
        })),
    ),
  ];
}

let made = 0;

/** Something to act on that nobody acted on before. */
async function subjectAt(
  kind: 'camera' | 'person',
  place: Place,
  { deleted }: { deleted: boolean },
): Promise<string> {
  if (kind === 'camera') {
    const camera = newCamera.parse(krabiCamera({ lao: place, stream: null }));
    const { id, version } = await gateway.cameras.create(camera, byTest);
    if (deleted) await gateway.cameras.remove(id, { ...byTest, version, reason: 'ทดสอบ' });
    return id;
  }
  const { name, district, province } = place;
  const { account } = await gateway.people.accounts.create({
    name: 'ผู้ถูกจัดการ',
    email: `subject-${++made}@example.go.th`,
    grants: [{ role: 'owner', area: { level: 'lao', province, district, lao: name } }],
  });
  return account.id;
}

type Verdict = 'through' | 'refused' | 'hidden' | 'signed-out';

/** What the rule said, whatever came of the request after it. */
async function ask(route: Route, cookie: string | undefined, id: string): Promise<Verdict> {
  const aborted = new AbortController();
  const hasBody = !['GET', 'HEAD'].includes(route.method);
  const reply = await fetch(`${gateway.url}${route.url.replace(':id', id)}`, {
    method: route.method,
    headers: {
      ...(cookie === undefined ? {} : { cookie, origin: gateway.url }),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { body: '{}' } : {}),
    signal: aborted.signal,
  });
  if (reply.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    aborted.abort();
    return 'through';
  }
  const text = await reply.text();
  expect([route.method, route.url, reply.status, text.slice(0, 200)]).not.toContain(500);
  const code = /"code":"([^"]+)"/.exec(text)?.[1];
  if (reply.status === 401 && code === 'sign_in_needed') return 'signed-out';
  if (code === 'not_allowed' || code === 'second_factor_needed') return 'refused';
  if (code === 'camera_not_found' || code === 'person_not_found') return 'hidden';
  return 'through';
}

/** Routes at which a role, in or out of its area, was not answered as the table says. */
async function breaches(among: readonly Route[]): Promise<string[]> {
  const found: string[] = [];
  const check = (route: Route, who: string, seen: Verdict, wanted: Verdict): void => {
    if (seen !== wanted) found.push(`${route.method} ${route.url}: ${who}: ${seen}, not ${wanted}`);
  };
  for (const route of among) {
    const { action, subject } = route;
    const idOf = async (place: Place): Promise<string> =>
      subject === undefined
        ? 'no-such-id'
        : subjectAt(subject, place, { deleted: route.url.endsWith('/restore') });
    if (action === 'public') {
      check(route, 'nobody', await ask(route, undefined, 'no-such-id'), 'through');
      continue;
    }
    check(route, 'nobody', await ask(route, undefined, await idOf(inside)), 'signed-out');
    for (const role of roles) {
      const cookie = cookies.get(role);
      if (action === 'signed-in') {
        check(route, role, await ask(route, cookie, 'no-such-id'), 'through');
        continue;
      }
      const reads = may(role, subject === 'person' ? 'people.manage' : 'camera.read');
      const unlike: Verdict = subject !== undefined && !reads ? 'hidden' : 'refused';
      const wanted = may(role, action) ? 'through' : unlike;
      check(route, `${role} in its area`, await ask(route, cookie, await idOf(inside)), wanted);
      if (subject === undefined) continue;
      const beyond = areaOfRole[role].level === 'country' ? wanted : 'hidden';
      const away = await ask(route, cookie, await idOf(outside));
      check(route, `${role} out of its area`, away, beyond);
      const never = await ask(route, cookie, '01900000-0000-7000-8000-000000000000');
      check(route, `${role}, no such id`, never, 'hidden');
    }
  }
  return found;
}

function flip(role: Role, action: Action): void {
  const allowed = allowedTo[role] as Set<Action>;
  if (!allowed.delete(action)) allowed.add(action);
}

/** The policy says otherwise than the table. */
function differs(role: Role, action: Action): boolean {
  const actor: Actor = {
    kind: 'person',
    id: '1',
    name: role,
    grants: [{ role, area: areaOfRole[role] }],
    secondFactor: true,
  };
  return (decide(actor, action) === 'allowed') !== may(role, action);
}

// Signing in and out over and over would end the sessions that the walk is made with; what they do is tested elsewhere.
const endsSessions = (route: Route): boolean =>
  route.method === 'DELETE' && /\/(?:session|profile\/sessions)$/.test(route.url);

test(
  'every route answers every role, in and out of its area, as the table says',
  async () => {
    const all = routes();
    expect(all.length).toBeGreaterThan(30);
    expect(new Set(all.map(({ action }) => action)).size).toBeGreaterThan(8);
    expect(await breaches(all.filter((route) => !endsSessions(route)))).toEqual([]);
  },
  WALK_MS,
);

test(
  'the walk finds a rule that is turned round, whichever it is',
  async () => {
    // Over HTTP, one that gives too little, one that gives too much, and one of live bytes.
    for (const [role, action] of [
      ['owner', 'camera.read'],
      ['operator', 'people.manage'],
      ['district', 'camera.watch'],
    ] as const) {
      flip(role, action);
      try {
        const ofAction = routes().filter((route) => route.action === action);
        expect((await breaches(ofAction)).some((line) => line.includes(role))).toBe(true);
      } finally {
        flip(role, action);
      }
    }
    // In the policy itself, each of them.
    for (const role of roles) {
      for (const action of actionNames) {
        expect([role, action, differs(role, action)]).toEqual([role, action, false]);
        flip(role, action);
        expect([role, action, differs(role, action)]).toEqual([role, action, true]);
        flip(role, action);
      }
    }
  },
  WALK_MS,
);

test('the server does not become ready with a route that has no rule, or does not say whose id it takes', async () => {
  const unruled: readonly [url: string, config: object, why: RegExp][] = [
    ['/api/v1/new', {}, /GET \/api\/v1\/new: say who may use it/],
    ['/api/v1/cameras/:id/stills', { action: 'camera.watch' }, /its :id is one camera/],
    ['/api/v1/people/:id/photo', { action: 'people.manage' }, /its :id is one person/],
    ['/api/v1/new', { action: 'camera.steal' }, /no such action/],
  ];
  for (const [url, config, why] of unruled) {
    const rig = await ServerRig.start({
      extraRoutes: [(app) => app.get(url, { config }, () => 'never')],
    }).catch((error: unknown) => error);
    expect(rig).toBeInstanceOf(ServerRig);
    const { app, people, databases, folder: used } = rig as ServerRig;
    await expect(app.ready()).rejects.toThrow(why);
    people.close();
    await databases.close();
    rmSync(used, { recursive: true });
  }
});
