/** People of an area over HTTP: what an administrator may do, and what nobody may make of it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Grant } from '#gateway/auth/actor.ts';
import { country, type Area } from '#registry/area.ts';
import { ServerRig } from './server-rig.ts';

const PASSWORD = 'a password that is long';
const lanta: Area = {
  level: 'lao',
  province: 'กระบี่',
  district: 'เกาะลันตา',
  lao: 'ทต.เกาะลันตาใหญ่',
};
const krabi: Area = { level: 'province', province: 'กระบี่' };
const phangnga: Area = { level: 'province', province: 'พังงา' };
const owner: Grant = { role: 'owner', area: lanta };

type SignedIn = Awaited<ReturnType<ServerRig['signedIn']>>;
let rig: ServerRig;
let ofKrabi: SignedIn;

beforeEach(async () => {
  rig = await ServerRig.start();
  ofKrabi = await rig.signedIn([{ role: 'administrator', area: krabi }]);
});
afterEach(async () => {
  await rig.close();
});

async function ask(
  who: SignedIn | undefined,
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  body?: unknown,
) {
  const reply = await rig.app.inject({
    method,
    url: `/api/v1${url}`,
    headers: who?.headers ?? { host: 'localhost' },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  const json = reply.body === '' ? {} : reply.json<Record<string, never>>();
  return { status: reply.statusCode, json: json as Record<string, unknown>, body: reply.body };
}

const codeOf = ({ json }: { json: Record<string, unknown> }): unknown =>
  (json['error'] as { code?: string } | undefined)?.code;

test('a person is added, gets a one-time link, chooses a password, and signs in', async () => {
  const added = await ask(ofKrabi, 'POST', '/people', {
    name: 'สมชาย ใจดี',
    email: 'Somchai@Lanta.go.th',
    grants: [owner],
  });
  expect(added.status).toBe(201);
  expect(added.json['person']).toMatchObject({ email: 'somchai@lanta.go.th', hasPassword: false });
  const token = String(added.json['link']).replace('/invitation#', '');
  expect((await ask(undefined, 'GET', `/invitations/${token}`)).json).toEqual({
    name: 'สมชาย ใจดี',
    email: 'somchai@lanta.go.th',
  });
  const set = async (password: string) =>
    ask(undefined, 'POST', `/invitations/${token}`, { password });
  expect(codeOf(await set('สมชาย ใจดี'))).toBe('password_not_accepted');
  expect((await set(PASSWORD)).status).toBe(204);
  // Once.
  expect(codeOf(await set('another long password'))).toBe('invitation_not_valid');
  const signedIn = await ask(undefined, 'POST', '/session', {
    email: 'somchai@lanta.go.th',
    password: PASSWORD,
  });
  expect(signedIn.json).toMatchObject({ state: 'signed-in' });
});

test('a link is good for seven days, and a new one ends the one before', async () => {
  const { account, token } = await rig.people.accounts.create({
    name: 'สุดา',
    email: 'suda@lanta.go.th',
    grants: [owner],
  });
  const reset = await ask(ofKrabi, 'POST', `/people/${account.id}/reset`, {});
  expect(codeOf(await ask(undefined, 'GET', `/invitations/${token}`))).toBe('invitation_not_valid');
  const link = String(reset.json['link']).replace('/invitation#', '');
  expect((await ask(undefined, 'GET', `/invitations/${link}`)).status).toBe(200);
  rig.clock.aheadMs += 7 * 24 * 60 * 60_000;
  expect((await ask(undefined, 'GET', `/invitations/${link}`)).status).toBe(404);
});

test('a list holds those all of whose roles lie within, also for who has one beyond', async () => {
  const ids: Record<string, string> = {};
  for (const [name, grants] of Object.entries({
    inside: [owner],
    twice: [owner, { role: 'operator', area: krabi }],
    beyond: [owner, { role: 'operator', area: phangnga }],
    national: [{ role: 'dla', area: country }],
    both: [owner, { role: 'dla', area: country }],
    nothing: [],
  } satisfies Record<string, Grant[]>)) {
    ids[name] = (await rig.signedIn(grants)).id;
  }
  const { json } = await ask(ofKrabi, 'GET', '/people');
  const listed = (json['people'] as { id: string }[]).map(({ id }) => id);
  expect(listed).toEqual([ofKrabi.id, ids['inside'], ids['twice']]);
  const national = await rig.signedIn([{ role: 'administrator', area: country }]);
  const all = await ask(national, 'GET', '/people');
  expect(all.json['people']).toHaveLength(8);
  const found = await ask(ofKrabi, 'GET', `/people?search=${encodeURIComponent('PERSON-2@')}`);
  expect((found.json['people'] as { id: string }[]).map(({ id }) => id)).toEqual([ids['inside']]);
  for (const search of ['%', '_', "' or 1=1 --"]) {
    const none = await ask(ofKrabi, 'GET', `/people?search=${encodeURIComponent(search)}`);
    expect([search, none.json['people']]).toEqual([search, []]);
  }
});

test('people out of the area do not exist, whatever is tried on their ids', async () => {
  const others = [
    await rig.signedIn([{ role: 'owner', area: { ...lanta, province: 'พังงา' } }]),
    await rig.signedIn([owner, { role: 'operator', area: country }]),
    await rig.signedIn([{ role: 'administrator', area: country }]),
  ];
  for (const { id } of others) {
    const answers = [
      await ask(ofKrabi, 'GET', `/people/${id}`),
      await ask(ofKrabi, 'PATCH', `/people/${id}`, { disabled: true }),
      await ask(ofKrabi, 'PATCH', `/people/${id}`, { grants: [owner] }),
      await ask(ofKrabi, 'POST', `/people/${id}/reset`, { secondFactor: true }),
    ];
    const never = await ask(ofKrabi, 'GET', '/people/01900000-0000-7000-8000-000000000000');
    for (const answer of answers) {
      expect([answer.status, codeOf(answer)]).toEqual([404, 'person_not_found']);
      expect(answer.body.replace(id, '')).toBe(
        never.body.replace('01900000-0000-7000-8000-000000000000', ''),
      );
    }
    expect(await rig.people.accounts.get(id)).toMatchObject({ disabled: false });
  }
});

test('nobody gives more than they have, to others or to themselves', async () => {
  const { id } = await rig.signedIn([owner]);
  const wider: Grant[] = [
    { role: 'administrator', area: country },
    { role: 'operator', area: phangnga },
    { role: 'auditor', area: country },
  ];
  for (const grant of wider) {
    const given = { name: 'ก', email: `x${grant.role}@lanta.go.th`, grants: [owner, grant] };
    expect(codeOf(await ask(ofKrabi, 'POST', '/people', given))).toBe('not_allowed');
    const changed = await ask(ofKrabi, 'PATCH', `/people/${id}`, { grants: [grant] });
    expect(codeOf(changed)).toBe('not_allowed');
    const self = await ask(ofKrabi, 'PATCH', `/people/${ofKrabi.id}`, { grants: [grant] });
    expect(codeOf(self)).toBe('not_yourself');
  }
  expect(codeOf(await ask(ofKrabi, 'PATCH', `/people/${ofKrabi.id}`, { disabled: true }))).toBe(
    'not_yourself',
  );
  // A role is given for what it is a role of.
  for (const grant of [
    { role: 'owner', area: krabi },
    { role: 'dla', area: krabi },
    { role: 'auditor', area: krabi },
    { role: 'king', area: krabi },
  ]) {
    const given = { name: 'ก', email: 'y@lanta.go.th', grants: [grant] };
    expect((await ask(ofKrabi, 'POST', '/people', given)).status).toBe(400);
  }
  // Nor does an owner, an operator or the province manage anybody.
  for (const grants of [[owner], [{ role: 'province', area: krabi }]] satisfies Grant[][]) {
    const who = await rig.signedIn(grants);
    expect(codeOf(await ask(who, 'PATCH', `/people/${id}`, { grants: [owner] }))).toBe(
      'person_not_found',
    );
    expect(codeOf(await ask(who, 'GET', '/people'))).toBe('not_allowed');
  }
  expect(await rig.people.accounts.get(id)).toMatchObject({ grants: [owner] });
});

test('an account that is closed has no session, token or link any more, and opens again without them', async () => {
  const who = await rig.signedIn([owner]);
  const { token } = await rig.people.tokens.create(who.id, {
    name: 'ก',
    scopes: ['cameras:read'],
    expiresMs: rig.now() + 60_000,
    secondFactor: false,
  });
  const asMachine = { ...who, headers: { ...who.headers, authorization: `Bearer ${token}` } };
  expect((await ask(asMachine, 'GET', '/cameras')).status).toBe(200);
  expect((await ask(ofKrabi, 'PATCH', `/people/${who.id}`, { disabled: true })).status).toBe(200);
  expect((await ask(who, 'GET', '/cameras')).status).toBe(401);
  expect((await ask(asMachine, 'GET', '/cameras')).status).toBe(401);
  await ask(ofKrabi, 'PATCH', `/people/${who.id}`, { disabled: false });
  expect((await ask(who, 'GET', '/cameras')).status).toBe(401);
});

async function addOwnerOf(area: object) {
  return ask(ofKrabi, 'POST', '/people', {
    name: 'ก',
    email: 'somchai@lanta.go.th',
    grants: [{ role: 'owner', area: { ...lanta, ...area } }],
  });
}

test('an area is one that there is, by whichever spelling; a misspelt one is refused', async () => {
  await rig.addCamera({ name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' });
  for (const area of [{ province: 'กระบี' }, { district: 'เกาะลันดา' }, { district: 'เมืองพังงา' }]) {
    const refused = await addOwnerOf(area);
    expect([refused.status, codeOf(refused)]).toEqual([400, 'area_unknown']);
    expect(refused.body).toContain(Object.values(area)[0]);
  }
  const added = await addOwnerOf({
    province: 'จังหวัดกระบี่',
    district: 'อำเภอเกาะลันตา',
    lao: 'เทศบาลตำบลเกาะลันตาใหญ่',
  });
  expect(added.json['person']).toMatchObject({ grants: [owner] });
  const { id } = added.json['person'] as { id: string };
  const change = async (area: object) =>
    ask(ofKrabi, 'PATCH', `/people/${id}`, { grants: [{ role: 'district', area }] });
  const district = { level: 'district', province: 'จ.กระบี่', district: 'เมือง' };
  expect((await change(district)).json).toMatchObject({
    grants: [{ area: { level: 'district', province: 'กระบี่', district: 'เมืองกระบี่' } }],
  });
  expect(codeOf(await change({ ...district, province: 'กรบี่' }))).toBe('area_unknown');
});

test('an address has one account', async () => {
  const given = { name: 'ก', email: 'one@lanta.go.th', grants: [owner] };
  expect((await ask(ofKrabi, 'POST', '/people', given)).status).toBe(201);
  expect(
    codeOf(await ask(ofKrabi, 'POST', '/people', { ...given, email: 'ONE@lanta.go.th' })),
  ).toBe('email_taken');
});

test('what is done to people is recorded before it is done, without a secret', async () => {
  const { id } = await rig.signedIn([owner]);
  await ask(ofKrabi, 'PATCH', `/people/${id}`, { grants: [{ role: 'operator', area: krabi }] });
  expect(rig.audit.entries.at(-1)).toMatchObject({
    action: 'person.change',
    actor: { id: ofKrabi.id },
    object: { id },
    detail: { grants: [{ role: 'operator' }], grantsBefore: [{ role: 'owner' }] },
  });
  rig.audit.full = true;
  const refused = await ask(ofKrabi, 'PATCH', `/people/${id}`, { disabled: true });
  expect([refused.status, codeOf(refused)]).toEqual([503, 'audit_unavailable']);
  expect(await rig.people.accounts.get(id)).toMatchObject({ disabled: false });
  expect(JSON.stringify(rig.audit.entries)).not.toContain(PASSWORD);
});

/** What became of each line of the list below. */
const outcomes = ({ json }: { json: Record<string, unknown> }): unknown[] =>
  (json['rows'] as { line: number; outcome: string; problem: { code: string } | null }[]).map(
    ({ line, outcome, problem }) => [line, problem?.code ?? outcome],
  );
const wanted = (good: string): unknown[] => [
  [2, good],
  [3, good],
  [4, 'lao_ambiguous'],
  [5, 'out_of_area'],
  [6, 'lao_unknown'],
  [7, 'email_not_valid'],
  [8, 'email_twice'],
  [9, good],
  [10, 'role_unknown'],
  [11, 'out_of_area'],
  [12, good],
  [13, 'area_unknown'],
];

test('a list of people is entered line by line, each with its link or what is wrong with it', async () => {
  await rig.addCamera({ name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' });
  await rig.addCamera({ name: 'อบต.บ้านใหม่', district: 'เมืองกระบี่', province: 'กระบี่' });
  await rig.addCamera({ name: 'อบต.บ้านใหม่', district: 'เขาพนม', province: 'กระบี่' });
  await rig.addCamera({ name: 'อบต.บ้านใหม่', district: 'เมืองพังงา', province: 'พังงา' });
  const csv = [
    '\ufeffชื่อ - สกุล,E-mail,อปท.,อำเภอ,จังหวัด,บทบาท',
    'สมชาย ใจดี,somchai@lanta.go.th,ทต.เกาะลันตาใหญ่,,,เจ้าของกล้อง',
    '"ใหม่, สุดา",suda@banmai.go.th,อบต.บ้านใหม่,เขาพนม,,owner',
    'ก,dup@banmai.go.th,อบต.บ้านใหม่,,,เจ้าของกล้อง',
    'ข,away@phangnga.go.th,อบต.บ้านใหม่,เมืองพังงา,พังงา,เจ้าของกล้อง',
    'ค,unknown@krabi.go.th,อบต.ไม่มี,,,เจ้าของกล้อง',
    'ง,not-an-address,ทต.เกาะลันตาใหญ่,,,เจ้าของกล้อง',
    'จ,SOMCHAI@lanta.go.th,ทต.เกาะลันตาใหญ่,,,เจ้าของกล้อง',
    'ฉ,chan@krabi.go.th,,,กระบี่,จังหวัด',
    'ช,king@krabi.go.th,,,กระบี่,พระราชา',
    'ซ,dla@krabi.go.th,,,,กรม',
    'ฌ,lanta@krabi.go.th,เทศบาลตำบลเกาะลันตาใหญ่,อ.เกาะลันตา,จ.กระบี่,เจ้าของกล้อง',
    'ญ,typo@krabi.go.th,ทต.เกาะลันตาใหญ่,เกาะลันดา,กระบี่,เจ้าของกล้อง',
    '',
  ].join('\r\n');
  const tried = await ask(ofKrabi, 'POST', '/people/import', { csv, dryRun: true });
  expect(outcomes(tried)).toEqual(wanted('accepted'));
  expect(await rig.people.accounts.byEmail('somchai@lanta.go.th')).toBeUndefined();
  const entered = await ask(ofKrabi, 'POST', '/people/import', { csv });
  expect(outcomes(entered)).toEqual(wanted('created'));
  expect(entered.json).toMatchObject({ created: 4, refused: 8 });
  const [first] = entered.json['rows'] as { link: string }[];
  expect(first?.link).toMatch(/^\/invitation#[\w-]{43}$/);
  expect(await rig.people.accounts.byEmail('suda@banmai.go.th')).toMatchObject({
    name: 'ใหม่, สุดา',
    grants: [{ role: 'owner', area: { level: 'lao', district: 'เขาพนม', lao: 'อบต.บ้านใหม่' } }],
  });
  expect(await rig.people.accounts.byEmail('lanta@krabi.go.th')).toMatchObject({ grants: [owner] });
  for (const bad of ['', 'no,such\nheadings,here', 'name,email,role\n"open']) {
    const answer = await ask(ofKrabi, 'POST', '/people/import', { csv: bad });
    expect([bad, answer.status]).toEqual([bad, 400]);
    expect(codeOf(answer)).toBe('people_list_not_readable');
  }
});
