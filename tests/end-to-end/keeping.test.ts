/** Footage is held, kept for fewer days by an act of two people, taken away by links, and no byte of it is played unseen. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { openSigningKey, SIGNING_KEY_FILE } from '#gateway/audit/signing-key.ts';
import type { Role } from '#gateway/auth/actor.ts';
import { parseConfig } from '#gateway/config.ts';
import { startGateway, type Gateway } from '#gateway/gateway.ts';
import { country } from '#registry/area.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { sealDays } from '#storage/sealing.ts';
import { decodePictures } from './ffmpeg.ts';
import { missingParts } from './machine.ts';
import { seedHistory } from './recorded-history.ts';

const START_MS = 60_000;
const MINUTE = 60_000;
const DAY = 86_400_000;
const TOKEN = 'keeping-0123456789-0123456789-012345';
const noFfmpeg = missingParts('ffmpeg').length > 0;

/** On a whole second, an hour ago. */
const NOW = Math.floor(Date.now() / 1_000) * 1_000;
const RECENT = NOW - 60 * MINUTE;
const OLD = NOW - 20 * DAY;

let folder: string;
let gateway: Gateway;
let cameraId: string;
let logged = '';
const cookies = new Map<string, string>();
const accounts = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keeping-'));
  [cameraId = ''] = await seedHistory(folder, [
    {
      position: 'หน้าตลาดสด',
      retentionDays: 10,
      keptDays: 40,
      runs: [
        // Each a file or two, by where the camera's own minute begins.
        { startMs: OLD, seconds: 20 },
        { startMs: OLD + 2 * MINUTE, seconds: 20 },
        { startMs: RECENT, seconds: 40 },
        // The camera began anew: what lies across takes two files.
        { startMs: RECENT + 60_000, seconds: 20 },
      ],
      gaps: [
        { startMs: RECENT + 40_000, endMs: RECENT + 60_000, cause: 'network', detail: 'silent' },
      ],
    },
  ]);
  await sealed(folder);
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: folder,
    WORKERS: '1',
    LOG_LEVEL: 'trace',
    ADMIN_TOKEN: TOKEN,
  });
  gateway = await startGateway(
    config,
    pino({ level: 'trace' }, { write: (line: string) => (logged += line) }),
  );
  for (const [name, role] of [
    ['investigator', 'investigator'],
    ['colleague', 'investigator'],
    ['approver', 'approver'],
    ['province', 'province'],
    ['dla', 'dla'],
    ['auditor', 'auditor'],
  ] as const) {
    cookies.set(name, await signedIn(name, role));
  }
}, START_MS);

afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

/** The days that are over, as the gateway seals them ten minutes after its start at the latest. */
async function sealed(dataDir: string): Promise<void> {
  const databases = openDatabases({ dataDir });
  const catalogue = await openCatalogue(databases);
  const signer = openSigningKey(join(dataDir, SIGNING_KEY_FILE));
  await sealDays({ catalogue, signer, onSealed: async () => {}, now: Date.now });
  await databases.close();
}

async function signedIn(name: string, role: Role): Promise<string> {
  const area = role === 'province' ? { level: 'province' as const, province: 'กระบี่' } : country;
  const { account } = await gateway.people.accounts.create({
    name,
    email: `${name}@example.go.th`,
    grants: [{ role, area }],
  });
  accounts.set(name, account.id);
  const { token } = await gateway.people.sessions.begin(account.id, {
    secondFactor: true,
    address: null,
    userAgent: null,
  });
  return `session=${token}`;
}

const ask = (
  who: string,
  path: string,
  {
    body,
    headers,
    method,
  }: { body?: object; headers?: Record<string, string>; method?: string } = {},
): Promise<Response> =>
  fetch(`${gateway.url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      cookie: cookies.get(who) ?? '',
      origin: gateway.url,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const iso = (ms: number): string => new Date(ms).toISOString();
const query = (from: number, to: number): string =>
  `from=${encodeURIComponent(iso(from))}&to=${encodeURIComponent(iso(to))}`;
const codeOf = async (reply: Response): Promise<[number, string]> => [
  reply.status,
  z.object({ error: z.object({ code: z.string() }) }).parse(await reply.json()).error.code,
];

async function auditOf(action: string): Promise<Record<string, unknown>[]> {
  const reply = await ask('auditor', `/api/v1/audit?action=${action}`);
  return z.object({ entries: z.array(z.record(z.string(), z.unknown())) }).parse(await reply.json())
    .entries;
}

const still = (at: number): Promise<Response> =>
  ask('investigator', `/api/v1/cameras/${cameraId}/still.jpg?at=${encodeURIComponent(iso(at))}`);

const playlistOf = (ms: number): Promise<Response> =>
  ask('investigator', `/recorded/${cameraId}/index.m3u8?${query(RECENT, RECENT + ms)}`);

/** As an operator runs it, beside the gateway; what it printed, line by line. */
async function command(...words: string[]): Promise<{ exit: number; lines: string[] }> {
  const args = [new URL('../../gateway/keeping-commands.ts', import.meta.url).pathname, ...words];
  const env = { PATH: process.env['PATH'], DATA_DIR: folder };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said, [exit]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { exit: z.number().parse(exit), lines: said.trim().split('\n') };
}
/** The first of a run: what each of the faults below befalls. */
const firstFrom = (catalogue: DatabaseSync, startMs: number) =>
  z
    .object({ id: z.string(), object_key: z.string(), run_id: z.string() })
    .parse(
      catalogue
        .prepare('SELECT id, object_key, run_id FROM recordings WHERE start_ms >= ? ORDER BY 1')
        .get(startMs),
    );

const shorten = (who: string, days: number): Promise<Response> =>
  ask(who, '/api/v1/retention/shortenings', {
    body: { cameraIds: [cameraId], days, reason: 'พื้นที่ไม่พอ' },
  });

const holdJson = z.object({
  id: z.string(),
  recordings: z.number(),
  guarded: z.number(),
  released: z.unknown(),
});
const holdsJson = z.object({ holds: z.array(holdJson) });
const filesJson = z.object({
  files: z.array(
    z.object({
      url: z.string(),
      fileName: z.string(),
      byteLength: z.number(),
      from: z.string(),
    }),
  ),
});

describe('playing', () => {
  test('a playlist opens the range that the audit log says was played, to its owner, and no byte more', async () => {
    const from = RECENT + 10_000;
    const to = RECENT + 14_000;
    const address = `/recorded/${cameraId}/index.m3u8?${query(from, to)}`;
    const playlist = await (await ask('investigator', address)).text();
    expect(await auditOf('footage.play')).toMatchObject([
      { object: { id: cameraId }, detail: { from: iso(from), to: iso(to) } },
    ]);
    const uri = /^[\w-]+\.mp4\?\S+$/m.exec(playlist)?.[0] ?? '';
    const media = `/recorded/${cameraId}/${uri}`;
    const [start = 0, end = 0] = ['start', 'end'].map((name) =>
      Number(new URL(media, gateway.url).searchParams.get(name)),
    );
    const init = Number(/BYTERANGE="(\d+)@0"/.exec(playlist)?.[1]);
    const bytes = async (who: string, range: string | undefined, path = media) => {
      const reply = await ask(who, path, range === undefined ? {} : { headers: { range } });
      const got = await reply.arrayBuffer();
      return [reply.status, reply.headers.get('content-range')?.split('/')[0], got.byteLength];
    };
    expect(await bytes('investigator', `bytes=0-${init - 1}`)).toEqual([
      206,
      `bytes 0-${init - 1}`,
      init,
    ]);
    expect(await bytes('investigator', `bytes=${start}-${end - 1}`)).toEqual([
      206,
      `bytes ${start}-${end - 1}`,
      end - start,
    ]);
    // It reaches further, and is cut.
    expect((await bytes('investigator', `bytes=${end - 10}-${end + 5_000}`))[2]).toBe(10);
    for (const range of [`bytes=${init}-${init + 9}`, `bytes=${end}-${end + 9}`, undefined]) {
      expect((await bytes('investigator', range))[0]).toBe(416);
    }
    const wider = media.replace(/start=\d+/, 'start=0');
    expect((await bytes('investigator', `bytes=${start}-${end - 1}`, wider))[0]).toBe(403);
    // Somebody else's playlist, though they may play: their own is recorded as theirs.
    expect((await bytes('colleague', `bytes=${start}-${end - 1}`))[0]).toBe(403);
    expect((await bytes('province', `bytes=${start}-${end - 1}`))[0]).toBe(403);
  });

  test('more than two hours at once are refused, with how long it may be', async () => {
    const longest = 2 * 3_600_000;
    expect((await playlistOf(longest)).status).toBe(200);
    const refused = await playlistOf(longest + 1);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'request_not_valid',
        message: expect.stringContaining('to: may be 2 hours after from at most'),
      },
    });
  });
});

describe('taking away', () => {
  test('a range across a new start of the camera is a file for each, by links that go on where they broke', async () => {
    const asked = { from: iso(RECENT + 5_000), to: iso(RECENT + 75_000) };
    const made = await ask('investigator', `/api/v1/cameras/${cameraId}/clips`, { body: asked });
    expect(made.status).toBe(201);
    const { files } = filesJson.parse(await made.json());
    expect(files.map(({ from }) => Date.parse(from) - RECENT)).toEqual([5_000, 60_000]);
    expect(await auditOf('footage.download')).toMatchObject([{ detail: { ...asked, files: 2 } }]);
    for (const { url, byteLength, fileName } of files) {
      const whole = await fetch(gateway.url + url);
      // Whether by a page that says the name, or by whoever was handed the link.
      expect(whole.headers.get('content-disposition')).toContain(encodeURIComponent(fileName));
      const etag = whole.headers.get('etag') ?? '';
      const bytes = Buffer.from(await whole.arrayBuffer());
      expect([whole.status, bytes.length]).toEqual([200, byteLength]);
      // The line is cut in the middle; what came is kept, and the rest is asked for.
      const cut = await fetch(gateway.url + url);
      const came: Buffer[] = [];
      for await (const chunk of cut.body ?? []) {
        came.push(Buffer.from(chunk));
        break;
      }
      const have = Buffer.concat(came).subarray(0, Math.floor(byteLength / 2));
      const rest = await fetch(gateway.url + url, {
        headers: { range: `bytes=${have.length}-`, 'if-range': etag },
      });
      expect([rest.status, rest.headers.get('content-range')]).toEqual([
        206,
        `bytes ${have.length}-${byteLength - 1}/${byteLength}`,
      ]);
      const joined = Buffer.concat([have, Buffer.from(await rest.arrayBuffer())]);
      expect(joined.equals(bytes)).toBe(true);
      // Of another file it is not the rest: all of this one comes.
      const other = await fetch(gateway.url + url, {
        headers: { range: `bytes=${have.length}-`, 'if-range': '"another"' },
      });
      expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, byteLength]);
      if (noFfmpeg) continue;
      const path = join(folder, 'clip.mp4');
      await writeFile(path, bytes);
      const { complaints, md5 } = await decodePictures(['-copyts', '-i', path]);
      expect(complaints).toBe('');
      expect(md5.length).toBeGreaterThan(100);
    }
    // The same range through the older address: one of the pieces, by name.
    const clip = `/api/v1/cameras/${cameraId}/clip.mp4?${query(RECENT + 5_000, RECENT + 75_000)}`;
    const several = await ask('investigator', clip);
    expect(several.status).toBe(409);
    const { error } = z
      .object({
        error: z.object({
          details: z.object({ pieces: z.array(z.object({ recording: z.string() })) }),
        }),
      })
      .parse(await several.json());
    const piece = await ask(
      'investigator',
      `${clip}&recording=${error.details.pieces[1]?.recording}`,
    );
    expect((await piece.arrayBuffer()).byteLength).toBe(files[1]?.byteLength);
  });

  test('a link that was changed, is too old, or whose right has ended opens nothing; no log has its signature', async () => {
    const body = { from: iso(RECENT + 5_000), to: iso(RECENT + 10_000) };
    const link = async (who: string): Promise<string> => {
      const made = await ask(who, `/api/v1/cameras/${cameraId}/clips`, { body });
      return filesJson.parse(await made.json()).files[0]?.url ?? '';
    };
    const leaving = await signedIn('leaving', 'investigator');
    cookies.set('leaving', leaving);
    const url = await link('leaving');
    expect((await fetch(gateway.url + url)).status).toBe(200);
    const wider = url.replace(/to=\d+/, `to=${RECENT + 60_000}`);
    expect(await codeOf(await fetch(gateway.url + wider))).toEqual([403, 'link_not_valid']);
    const longer = url.replace(/until=(\d+)/, (_, until) => `until=${Number(until) + 9}`);
    expect(await codeOf(await fetch(gateway.url + longer))).toEqual([403, 'link_not_valid']);
    await gateway.people.accounts.change(accounts.get('leaving') ?? '', { disabled: true });
    expect(await codeOf(await fetch(gateway.url + url))).toEqual([403, 'link_not_valid']);

    const signature = new URL(url, gateway.url).searchParams.get('sig') ?? '';
    expect(signature).toHaveLength(22);
    const audited = JSON.stringify(await auditOf('footage.download'));
    expect(audited).toContain('"to"');
    expect((logged + audited).includes(signature)).toBe(false);
  });

  test('a picture at a time', async ({ skip }) => {
    skip(noFfmpeg, 'ffmpeg is not installed (Debian: ffmpeg)');
    const sizes = new Set<string>();
    for (const at of [0, 1_000, 39_900]) {
      const reply = await still(RECENT + at);
      expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
      const picture = Buffer.from(await reply.arrayBuffer());
      expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff');
      sizes.add(picture.toString('base64'));
    }
    // The clip moves: three times, three pictures.
    expect(sizes.size).toBe(3);
    expect(await codeOf(await still(RECENT + 50_000))).toEqual([404, 'nothing_recorded']);
    expect((await auditOf('footage.still')).length).toBe(3);
  });
});

describe('holding', () => {
  test('what is held stays, in the store too, until another person lets it go; the rest goes when its days are over', async () => {
    const range = { from: iso(OLD), to: iso(OLD + 30_000) };
    const place = (who: string, body: object): Promise<Response> =>
      ask(who, '/api/v1/holds', { body });
    expect(
      await codeOf(await place('province', { cameraIds: [cameraId], ...range, reason: 'x' })),
    ).toEqual([403, 'not_allowed']);
    const noSuch = '01900000-0000-7000-8000-000000000000';
    expect(
      await codeOf(
        await place('investigator', { cameraIds: [cameraId, noSuch], ...range, reason: 'คดี' }),
      ),
    ).toEqual([404, 'camera_not_found']);
    const placed = await place('investigator', {
      cameraIds: [cameraId],
      ...range,
      reason: 'คดี 1/2569',
    });
    expect(placed.status).toBe(201);
    const hold = holdsJson.parse(await placed.json()).holds[0];
    const files = hold?.recordings ?? 0;
    expect([1, 2]).toContain(files);
    expect(hold?.released).toBeNull();
    // The store holds the object itself.
    const listed = async (who: string) =>
      holdsJson.parse(await (await ask(who, `/api/v1/holds?cameraId=${cameraId}`)).json()).holds;
    await vi.waitFor(async () =>
      expect((await listed('approver'))[0]).toMatchObject({ guarded: files }),
    );
    const marks = () =>
      readdirSync(join(folder, 'objects', cameraId), { recursive: true }).filter((name) =>
        String(name).endsWith('.hold'),
      );
    expect(marks()).toHaveLength(files);

    const shown = z
      .object({
        spans: z.array(z.object({ hoursUntilExpiry: z.number().nullable() })),
        holds: z.array(z.object({ id: z.string(), placedBy: z.string() })),
        retentionDays: z.number(),
      })
      .parse(
        await (
          await ask(
            'investigator',
            `/api/v1/cameras/${cameraId}/timeline?${query(OLD, OLD + 20_000)}`,
          )
        ).json(),
      );
    expect(shown).toEqual({
      spans: [{ hoursUntilExpiry: null }],
      holds: [{ id: hold?.id, placedBy: 'investigator' }],
      retentionDays: 40,
    });

    const release = `/api/v1/holds/${hold?.id}/release`;
    const why = { reason: 'คดีถึงที่สุด' };
    expect(await codeOf(await ask('investigator', release, { body: why }))).toEqual([
      403,
      'not_allowed',
    ]);
    expect(await codeOf(await ask('approver', release, { body: { reason: ' ' } }))).toEqual([
      400,
      'request_not_valid',
    ]);
    expect((await ask('approver', release, { body: why })).status).toBe(200);
    expect(await codeOf(await ask('approver', release, { body: why }))).toEqual([
      404,
      'hold_not_found',
    ]);
    await vi.waitFor(() => expect(marks()).toEqual([]));
    expect(await listed('approver')).toEqual([]);
    // A refused body is no act; one that could not be done any more was recorded before it was known.
    expect(await auditOf('hold.release')).toMatchObject([
      { outcome: 'failed' },
      { outcome: 'done' },
      { outcome: 'done', why: why.reason, object: { id: cameraId } },
    ]);

    // One's own hold is for another to release.
    const own = holdsJson.parse(
      await (await place('approver', { cameraIds: [cameraId], ...range, reason: 'สอบสวน' })).json(),
    ).holds[0];
    const ownRelease = `/api/v1/holds/${own?.id}/release`;
    expect(await codeOf(await ask('approver', ownRelease, { body: why }))).toEqual([
      409,
      'another_person_needed',
    ]);
  });

  test('fewer days are asked for with what would go, approved by another person, and can still be stopped', async () => {
    const shorteningJson = z.object({
      id: z.string(),
      state: z.string(),
      effectiveAt: z.string().nullable(),
    });
    const retentionJson = z.object({
      days: z.number(),
      inventoryDays: z.number(),
      pending: shorteningJson.nullable(),
    });
    const read = async () =>
      retentionJson.parse(await (await ask('dla', `/api/v1/cameras/${cameraId}/retention`)).json());
    expect(await read()).toEqual({ days: 40, inventoryDays: 10, pending: null });
    expect(await codeOf(await shorten('investigator', 15))).toEqual([403, 'not_allowed']);
    expect(await codeOf(await shorten('dla', 9))).toEqual([409, 'shorter_than_inventory']);
    expect(await codeOf(await shorten('dla', 40))).toEqual([409, 'not_shorter']);
    const asked = await shorten('dla', 15);
    expect(asked.status).toBe(201);
    const { shortening, preview } = z
      .object({
        shortening: shorteningJson,
        preview: z.array(z.object({ recordings: z.number(), heldRecordings: z.number() })),
      })
      .parse(await asked.json());
    // Two runs lie 20 days back, and the hold above keeps the first.
    expect(preview).toHaveLength(1);
    expect([1, 2]).toContain(preview[0]?.recordings);
    expect([1, 2]).toContain(preview[0]?.heldRecordings);
    expect(await codeOf(await shorten('dla', 12))).toEqual([409, 'shortening_pending']);

    const act = (who: string, what: string): Promise<Response> =>
      ask(who, `/api/v1/retention/shortenings/${shortening.id}/${what}`, {
        body: { reason: 'ตรวจแล้ว' },
      });
    expect(await codeOf(await act('dla', 'approve'))).toEqual([403, 'not_allowed']);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const path = `/api/v1/retention/shortenings/${shortening.id}/approve`;
    const byMachine = await ask('nobody', path, { headers, body: { reason: 'ตรวจแล้ว' } });
    expect(await codeOf(byMachine)).toEqual([409, 'another_person_needed']);
    expect((await act('approver', 'approve')).status).toBe(200);
    const { pending } = await read();
    expect(pending?.state).toBe('approved');
    const inDays = (Date.parse(pending?.effectiveAt ?? '') - Date.now()) / DAY;
    expect(inDays).toBeGreaterThan(6.9);
    expect(inDays).toBeLessThan(7.1);
    expect(await codeOf(await act('approver', 'approve'))).toEqual([409, 'shortening_decided']);
    expect((await act('investigator', 'cancel')).status).toBe(200);
    expect((await read()).pending).toBeNull();
    expect(await codeOf(await act('approver', 'approve'))).toEqual([409, 'shortening_decided']);
  });

  test('of what is to come nothing is missing', async () => {
    const fromMs = Date.now() - MINUTE;
    const path = `/api/v1/cameras/${cameraId}/timeline?${query(fromMs, fromMs + 60 * MINUTE)}`;
    const reply = await ask('investigator', path);
    const { gaps } = z
      .object({ gaps: z.array(z.object({ from: z.string(), to: z.string() })) })
      .parse(await reply.json());
    expect(gaps).toEqual([{ from: iso(fromMs), to: expect.any(String) as string }]);
    expect(Date.parse(gaps[0]?.to ?? '')).toBeLessThanOrEqual(Date.now());
  });

  test('what was deleted is exported with its rule and its hash', async () => {
    const reply = await ask('auditor', '/api/v1/deletions.csv');
    expect(reply.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await reply.text()).toBe('recording,camera,from,to,bytes,sha256,policy,deleted\r\n');
    expect(await codeOf(await ask('colleague', '/api/v1/audit'))).toEqual([403, 'not_allowed']);
  });
});

/** By an administrator. Returns the answer's status. */
const changeScope = async (scope: string): Promise<number> => {
  const path = `/api/v1/cameras/${cameraId}`;
  const headers = { authorization: `Bearer ${TOKEN}` };
  const read = await fetch(gateway.url + path, { headers });
  const reply = await fetch(gateway.url + path, {
    method: 'PATCH',
    headers: {
      ...headers,
      'content-type': 'application/json',
      'if-match': read.headers.get('etag') ?? '',
    },
    body: JSON.stringify({ scope }),
  });
  return reply.status;
};

describe('a camera whose area was closed', () => {
  const closed: [number, string] = [403, 'closed_area_never_watched'];
  test('is watched no more, by no address of before either; what was recorded is kept, held, and told of', async () => {
    const range = { from: iso(RECENT), to: iso(RECENT + 10_000) };
    const playlist = await (await playlistOf(10_000)).text();
    const media = `/recorded/${cameraId}/${/^[\w-]+\.mp4\?\S+$/m.exec(playlist)?.[0] ?? ''}`;
    const clips = `/api/v1/cameras/${cameraId}/clips`;
    const made = await ask('investigator', clips, { body: range });
    const url = filesJson.parse(await made.json()).files[0]?.url ?? '';
    const init = { headers: { range: 'bytes=0-99' } };
    expect((await ask('investigator', media, init)).status).toBe(206);

    expect(await changeScope('closed-area')).toBe(200);
    const refused = await Promise.all([
      playlistOf(10_000),
      ask('investigator', media, init),
      ask('investigator', clips, { body: range }),
      ask('investigator', `/api/v1/cameras/${cameraId}/clip.mp4?${query(RECENT, RECENT + 10_000)}`),
      fetch(gateway.url + url),
      still(RECENT),
    ]);
    for (const reply of refused) expect(await codeOf(reply)).toEqual(closed);
    const tried = await auditOf('access.refused');
    expect(tried.slice(0, 5).map(({ detail }) => detail)).toEqual(
      Array.from({ length: 5 }, () => expect.objectContaining({ scope: 'closed-area' })),
    );
    const timeline = `/api/v1/cameras/${cameraId}/timeline?${query(RECENT, RECENT + 10_000)}`;
    const told = await (await ask('investigator', timeline)).json();
    expect(told).toMatchObject({ spans: [range], retentionDays: 40 });
    const body = { cameraIds: [cameraId], ...range, reason: 'คดี 2/2569' };
    expect((await ask('investigator', '/api/v1/holds', { body })).status).toBe(201);

    // It was a mistake of whoever changed it: history has both.
    expect(await changeScope('public-area')).toBe(200);
    expect((await ask('investigator', media, init)).status).toBe(206);
  });
});

describe('checking', () => {
  test('a changed row, one that was taken away, a corrupt and a deleted object: the live gateway names each', async () => {
    const [agreed, intact] = await Promise.all([
      command('reconcile', '--deep'),
      command('verify-recordings'),
    ]);
    expect([agreed.exit, agreed.lines.at(-1)]).toEqual([0, 'catalogue, store and spool agree']);
    expect([intact.exit, intact.lines.at(-1)]).toEqual([0, expect.stringMatching(/^intact/)]);

    // By somebody who has the machine, past the gateway.
    const catalogue = new DatabaseSync(join(folder, 'catalogue.sqlite'), { timeout: 5_000 });
    const changed = firstFrom(catalogue, OLD);
    const taken = firstFrom(catalogue, OLD + 2 * MINUTE);
    const corrupt = firstFrom(catalogue, RECENT);
    const deleted = firstFrom(catalogue, RECENT + MINUTE);
    const hash = createHash('sha256').update('another').digest('hex');
    catalogue.prepare('UPDATE recordings SET sha256 = ? WHERE id = ?').run(hash, changed.id);
    catalogue.prepare('DELETE FROM recordings WHERE id = ?').run(taken.id);
    catalogue.close();
    const path = join(folder, 'objects', corrupt.object_key);
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    await writeFile(path, bytes);
    await rm(join(folder, 'objects', deleted.object_key));

    const [found, proof] = await Promise.all([
      command('reconcile', '--deep'),
      command('verify-recordings'),
    ]);
    expect(found.exit).toBe(1);
    expect(found.lines).toEqual(
      expect.arrayContaining([
        `object-corrupt: ${changed.object_key}`,
        `object-unknown: ${taken.object_key}`,
        `object-corrupt: ${corrupt.object_key}`,
        `object-missing: ${deleted.object_key}`,
      ]),
    );
    expect([proof.exit, proof.lines.at(-1)]).toEqual([1, 'NOT INTACT']);
    const named = proof.lines.filter((line) => line.includes('run '));
    expect(named).toHaveLength(2);
    expect(named).toEqual(
      expect.arrayContaining([
        expect.stringMatching(new RegExp(`: chain-changed: .*run ${changed.run_id}: a hash`)),
        expect.stringMatching(new RegExp(`: recording-missing: .*run ${taken.run_id}: 1 of`)),
      ]),
    );

    // What was taken away is entered again from what it says of itself; of the rest no picture is made up.
    const repaired = await command('reconcile', '--deep', '--repair');
    expect(repaired.lines).toContain(
      `object-unknown: ${taken.object_key} (repaired: entered into the catalogue)`,
    );
    const again = await command('verify-recordings');
    expect(again.lines.filter((line) => line.includes('run '))).toEqual([
      expect.stringContaining(`run ${changed.run_id}`),
    ]);
    const gone = await (
      await ask(
        'investigator',
        `/api/v1/cameras/${cameraId}/timeline?${query(RECENT + MINUTE, RECENT + MINUTE + 1_000)}`,
      )
    ).text();
    expect(gone).toContain('"cause":"storage","detail":"object-missing"');
    // That it was there, and what it was, stays known.
    const exported = await (await ask('auditor', '/api/v1/deletions.csv')).text();
    const rows = exported.trim().split('\r\n').slice(1);
    expect(rows).toEqual([
      expect.stringMatching(
        new RegExp(`^${deleted.id},${cameraId},.*,[0-9a-f]{64},object-missing,.*Z$`),
      ),
    ]);
  });
});
