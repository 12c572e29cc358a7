/** People on both databases: what their SQL must do alike, and what two gateways at once must not both do. */
import { beforeEach, expect, test } from 'vitest';
import {
  AlreadySetUp,
  EmailTaken,
  InvitationNotValid,
  openAccounts,
} from '#gateway/auth/accounts.ts';
import type { Grant } from '#gateway/auth/actor.ts';
import { openApiTokens } from '#gateway/auth/api-tokens.ts';
import { bindGrants } from '#gateway/auth/grant-rows.ts';
import { openPeopleDatabase, type PeopleDatabase } from '#gateway/auth/people-database.ts';
import { noteUse, readRights } from '#gateway/auth/rights.ts';
import { hashOfToken } from '#gateway/auth/secret-token.ts';
import { openSessions, SESSION_IDLE_MS } from '#gateway/auth/sessions.ts';
import { country, type Area } from '#registry/area.ts';
import { systemAuthor } from '#registry/author.ts';
import type { Databases } from '#registry/database/database.ts';
import { openLaoPlaces, type LaoPlaces } from '#registry/lao-places.ts';
import { LaoTwice, newLao } from '#registry/lao.ts';
import { openLaos, type Laos } from '#registry/laos.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { testBox } from '../registry/cameras-of.ts';
import { onEachDatabase } from './each-database.ts';

const krabi: Area = { level: 'province', province: 'กระบี่' };
const kohLanta: Area = { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' };
const lanta: Area = { ...kohLanta, level: 'lao', lao: 'ทต.เกาะลันตาใหญ่' };
const phangnga: Area = { level: 'province', province: 'พังงา' };
const origin = { address: null, userAgent: null };

const lao = (name: string): Area => ({ ...kohLanta, level: 'lao', lao: name });

const inLanta = (name: string) => newLao.parse({ name, district: 'เกาะลันตา', province: 'กระบี่' });

async function twice(use: () => Promise<boolean>): Promise<boolean[]> {
  return Promise.all([use(), use()]);
}

const schemas = async (databases: Databases): Promise<void> => {
  await openRegistry(databases);
  await openPeopleDatabase(databases);
};

onEachDatabase((rig) => {
  let database: PeopleDatabase;
  let registry: RegistryDatabase;
  let lists: Laos;
  let laos: LaoPlaces;
  let nowMs: number;
  let accounts: ReturnType<typeof openAccounts>;
  let sessions: ReturnType<typeof openSessions>;
  const now = (): number => nowMs;

  beforeEach(async () => {
    nowMs = 1_790_000_000_000;
    const databases = rig.open();
    registry = await openRegistry(databases);
    lists = openLaos(registry, { now });
    laos = openLaoPlaces(registry, lists);
    database = await openPeopleDatabase(databases);
    accounts = openAccounts(database, now, testBox, laos);
    sessions = openSessions(database, now);
  });

  let made = 0;
  const add = async (...grants: Grant[]) =>
    accounts.create({ name: `คน ${++made}`, email: `p${made}@example.go.th`, grants });

  test('who is listed within an area holds nothing beyond it', async () => {
    const inside = (await add({ role: 'owner', area: lanta })).account;
    const district = (await add({ role: 'district', area: kohLanta })).account;
    const all = (await add({ role: 'dla', area: country })).account;
    const both = (await add({ role: 'owner', area: lanta }, { role: 'operator', area: phangnga }))
      .account;
    const nothing = (await add()).account;
    const listed = async (...within: Area[]): Promise<string[]> =>
      (await accounts.list({ within, limit: 10 })).map(({ id }) => id);
    expect(await listed(krabi)).toEqual([inside.id, district.id]);
    expect(await listed(lanta)).toEqual([inside.id]);
    expect(await listed(krabi, phangnga)).toEqual([inside.id, district.id, both.id]);
    expect(await listed(country)).toEqual([inside.id, district.id, all.id, both.id, nothing.id]);
    expect(await listed()).toEqual([]);
    const page = await accounts.list({ within: [country], after: district.id, limit: 2 });
    expect(page.map(({ id }) => id)).toEqual([all.id, both.id]);
    const found = await accounts.list({ within: [country], search: 'คน', limit: 10 });
    expect(found).toHaveLength(5);
  });

  test('of two at once with one address, link or set-up, one does it', async () => {
    const given = { name: 'ก', email: 'one@example.go.th', grants: [] };
    const firsts = await Promise.allSettled([
      accounts.createFirst(given, 'hash'),
      accounts.createFirst({ ...given, email: 'two@example.go.th' }, 'hash'),
    ]);
    expect(firsts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(firsts.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(AlreadySetUp),
    });
    const { token } = await add({ role: 'owner', area: lanta });
    const used = await Promise.allSettled([
      accounts.acceptInvitation(token, 'one'),
      accounts.acceptInvitation(token, 'two'),
    ]);
    expect(used.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(used.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(InvitationNotValid),
    });
    await accounts.create({ ...given, email: 'Three@example.go.th' });
    await expect(accounts.create({ ...given, email: 'three@example.go.th' })).rejects.toThrow(
      EmailTaken,
    );
  });

  test('a code of a step and a recovery code are each used once, of two at once by one', async () => {
    const { account } = await add();
    const [code = ''] = await accounts.setCodeSecret(account.id, 'SECRET', 5);
    const steps = await twice(async () => accounts.useCodeStep(account.id, 6));
    expect(steps.filter(Boolean)).toHaveLength(1);
    expect(await accounts.useCodeStep(account.id, 5)).toBe(false);
    const codes = await twice(async () => accounts.useRecoveryCode(account.id, code));
    expect(codes.filter(Boolean)).toHaveLength(1);
  });

  test('rights are those of now: of sessions and tokens, with their roles, and of nobody whose account is closed', async () => {
    const { account } = await add({ role: 'operator', area: krabi });
    const session = await sessions.begin(account.id, { ...origin, secondFactor: false });
    const tokens = openApiTokens(database, now);
    const token = await tokens.create(account.id, {
      name: 'จอ',
      scopes: ['live'],
      expiresMs: nowMs + 2 * SESSION_IDLE_MS,
      secondFactor: false,
    });
    const credentials = [
      { kind: 'session' as const, hash: hashOfToken(session.token) },
      { kind: 'token' as const, hash: hashOfToken(token.token) },
    ];
    const kinds = async (): Promise<string[]> =>
      [...(await readRights(database, laos, credentials, nowMs)).values()].map(
        ({ actor }) => actor.kind,
      );
    expect(await kinds()).toEqual(['person', 'token']);
    const rights = await readRights(database, laos, credentials, nowMs);
    expect(rights.get(credentials[0]?.hash ?? '')).toMatchObject({
      actor: { id: account.id, grants: [{ role: 'operator', area: krabi }], secondFactor: false },
      expiresMs: nowMs + SESSION_IDLE_MS,
      pending: false,
    });
    nowMs += SESSION_IDLE_MS - 1;
    await noteUse(database, credentials, nowMs);
    nowMs += 2;
    expect(await kinds()).toEqual(['person', 'token']);
    nowMs += SESSION_IDLE_MS;
    expect(await kinds()).toEqual([]);
    await sessions.prune();
    expect(await sessions.ofAccount(account.id)).toEqual([]);
  });

  test('an account keeps its twenty latest sessions', async () => {
    const { account } = await add();
    const ids: string[] = [];
    for (let i = 0; i < 22; i++) {
      nowMs += 1;
      ids.push((await sessions.begin(account.id, { ...origin, secondFactor: true })).id);
    }
    const kept = (await sessions.ofAccount(account.id)).map(({ id }) => id);
    expect(kept.toSorted()).toEqual(ids.slice(2).toSorted());
  });

  const byDepartment = {
    author: { id: 'd', name: 'กรม', proxyFor: null },
    listed: true,
  };

  const within = async (...areas: Area[]) =>
    (await accounts.list({ within: areas, limit: 9 })).map(({ id }) => id);

  async function held(accountId: string): Promise<Grant[]> {
    return (await accounts.get(accountId))?.grants ?? [];
  }

  test('a role is for the LAO, by whichever spelling it is given, and follows its name', async () => {
    const listed = await lists.add(inLanta('เทศบาลตำบลเกาะลันตาใหญ่'), byDepartment);
    const { account } = await add({ role: 'owner', area: lanta });
    expect(await held(account.id)).toEqual([{ role: 'owner', area: lao(listed.name) }]);
    expect(await lists.list({ status: 'proposed' })).toEqual([]);
    await lists.change(listed.id, { name: 'ทม.ลันตา' }, byDepartment);
    expect(await held(account.id)).toEqual([{ role: 'owner', area: lao('ทม.ลันตา') }]);
    // Whoever bears the old name next is somebody else.
    await lists.add(inLanta('เทศบาลตำบลเกาะลันตาใหญ่'), byDepartment);
    expect(await held(account.id)).toEqual([{ role: 'owner', area: lao('ทม.ลันตา') }]);
    expect(await within(lao('ทม.ลันตา'))).toEqual([account.id]);
    expect(await within(krabi)).toEqual([account.id]);
    expect(await within(lao('เทศบาลตำบลเกาะลันตาใหญ่'), lanta, phangnga)).toEqual([]);
  });

  test('a merge takes roles along, and what still goes by the merged name is theirs alone', async () => {
    const { account: ofWrong } = await add({
      role: 'owner',
      area: { ...kohLanta, level: 'lao', lao: 'ทต.เกาะลันตาใหย่' },
    });
    const { account: ofRight } = await add({ role: 'owner', area: lanta });
    const { account: ofOther } = await add({
      role: 'owner',
      area: { ...kohLanta, level: 'lao', lao: 'อบต.คลองยาง' },
    });
    const proposed = await lists.list({ status: 'proposed' });
    expect(proposed.map(({ name }) => name).toSorted()).toEqual(
      ['ทต.เกาะลันตาใหญ่', 'ทต.เกาะลันตาใหย่', 'อบต.คลองยาง'].toSorted(),
    );
    const idOf = (name: string) => proposed.find((one) => one.name === name)?.id ?? '';
    await lists.merge(idOf('ทต.เกาะลันตาใหย่'), idOf('ทต.เกาะลันตาใหญ่'), byDepartment);
    const merged = [{ ...kohLanta, level: 'lao', lao: 'ทต.เกาะลันตาใหย่' }];
    expect(await held(ofWrong.id)).toEqual([{ role: 'owner', area: lanta, merged }]);
    expect(await held(ofRight.id)).toEqual([{ role: 'owner', area: lanta, merged }]);
    expect(await held(ofOther.id)).not.toHaveProperty('0.merged');
    const listed = await accounts.list({ within: [lanta], limit: 9 });
    expect(listed.map(({ id }) => id)).toEqual([ofWrong.id, ofRight.id]);
    await expect(lists.add(inLanta('เทศบาลตำบลเกาะลันตาใหย่'), byDepartment)).rejects.toThrow(
      LaoTwice,
    );
  });

  test('roles of before there were ids are bound once, and one for an LAO that is nowhere is for nothing', async () => {
    const { account } = await add({ role: 'owner', area: lanta });
    const listed = (await lists.list({}))[0];
    await database.updateTable('grants').set({ lao_id: null }).execute();
    expect(await held(account.id)).toEqual([]);
    await lists.change(listed?.id ?? '', { name: 'เทศบาลตำบล เกาะลันตาใหญ่' }, byDepartment);
    expect(await bindGrants(database, laos, systemAuthor)).toBe(1);
    expect(await bindGrants(database, laos, systemAuthor)).toBe(0);
    expect(await held(account.id)).toMatchObject([{ area: { lao: 'เทศบาลตำบล เกาะลันตาใหญ่' } }]);
    await database.updateTable('grants').set({ lao_id: 'nobody' }).execute();
    expect(await held(account.id)).toEqual([]);
  });
}, schemas);
