import { expect, test } from 'vitest';
import type { Action } from '#gateway/auth/actions.ts';
import { authorOf, type Actor, type Grant, type Role } from '#gateway/auth/actor.ts';
import { actionsOf, areasFor, decide, type Subject } from '#gateway/auth/policy.ts';
import { areaOf, country, type Area } from '#registry/area.ts';

const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const klongyang = { ...lanta, name: 'อบต.คลองยาง' };
const phangnga = { name: 'ทม.พังงา', district: 'เมืองพังงา', province: 'พังงา' };
const krabi: Area = { level: 'province', province: 'กระบี่' };
const kohLanta: Area = { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' };

function person(...grants: Grant[]): Actor {
  return { kind: 'person', id: '1', name: 'สมชาย', grants, secondFactor: true };
}
const camera = (lao: typeof lanta): Subject => ({ kind: 'camera', lao });
const holder = (role: Role, area: Area): Subject => ({ kind: 'person', grants: [{ role, area }] });

test('a camera out of scope does not exist; one that may only be read refuses', () => {
  const owner = person({ role: 'owner', area: areaOf(lanta) });
  expect(decide(owner, 'camera.edit', camera(lanta))).toBe('allowed');
  expect(decide(owner, 'camera.edit', camera(klongyang))).toBe('hidden');
  expect(decide(owner, 'camera.read', camera(phangnga))).toBe('hidden');
  const committee = person({ role: 'province', area: krabi });
  expect(decide(committee, 'camera.read', camera(lanta))).toBe('allowed');
  expect(decide(committee, 'camera.edit', camera(lanta))).toBe('refused');
  expect(decide(committee, 'camera.edit', camera(phangnga))).toBe('hidden');
});

test('nobody is asked to sign in, and a person without a role may do nothing', () => {
  expect(decide(undefined, 'camera.list')).toBe('signed-out');
  expect(decide(person(), 'camera.list')).toBe('refused');
  expect(decide(person(), 'camera.read', camera(lanta))).toBe('hidden');
});

test('roles of one person add up, each in its own area', () => {
  const both = person(
    { role: 'owner', area: areaOf(lanta) },
    { role: 'operator', area: { level: 'province', province: 'พังงา' } },
  );
  expect(decide(both, 'camera.edit', camera(lanta))).toBe('allowed');
  expect(decide(both, 'camera.watch', camera(phangnga))).toBe('allowed');
  expect(decide(both, 'camera.edit', camera(phangnga))).toBe('refused');
});

test('an administrator and an approver are asked for the second factor, and only for what that role gives', () => {
  const grants: Grant[] = [
    { role: 'administrator', area: krabi },
    { role: 'operator', area: krabi },
  ];
  const weak: Actor = { kind: 'person', id: '1', name: 'สมชาย', grants, secondFactor: false };
  expect(decide(weak, 'people.manage')).toBe('second-factor');
  expect(decide(weak, 'camera.edit', camera(lanta))).toBe('second-factor');
  expect(decide(weak, 'camera.watch', camera(lanta))).toBe('allowed');
  // Another province has nothing for them, with or without it.
  expect(decide(weak, 'camera.edit', camera(phangnga))).toBe('hidden');
  expect(areasFor(weak, 'people.manage')).toEqual([]);
  expect(actionsOf(weak)).toEqual([
    'camera.list',
    'camera.read',
    'camera.watch',
    'repair.list',
    'survey.read',
    'footage.list',
    'footage.play',
    'footage.hold',
    'metrics.read',
  ]);
});

test('a token does what its account may, within the actions that it was made for', () => {
  const token = (...actions: Action[]): Actor => ({
    kind: 'token',
    id: '1',
    tokenId: '2',
    name: 'ระบบ',
    grants: [{ role: 'owner', area: areaOf(lanta) }],
    actions: new Set(actions),
    secondFactor: true,
  });
  expect(decide(token('camera.watch'), 'camera.watch', camera(lanta))).toBe('allowed');
  expect(decide(token('camera.watch'), 'camera.edit', camera(lanta))).toBe('refused');
  expect(decide(token('camera.watch'), 'camera.edit', camera(phangnga))).toBe('hidden');
  // Made without a second factor, it has nothing of the roles that need one, also of those given later.
  const weak: Actor = {
    ...token('people.manage'),
    kind: 'token',
    tokenId: '2',
    actions: new Set<Action>(['people.manage']),
    secondFactor: false,
    grants: [{ role: 'administrator', area: krabi }],
  };
  expect(decide(weak, 'people.manage')).toBe('second-factor');
  // A scope adds nothing to what the account may.
  expect(decide(token('people.manage'), 'people.manage')).toBe('refused');
  expect(areasFor(token('camera.watch'), 'camera.list')).toEqual([]);
});

test('people are kept by an administrator of all that they hold, and nobody gives what is wider than their own', () => {
  const ofKrabi = person({ role: 'administrator', area: krabi });
  expect(decide(ofKrabi, 'people.manage', holder('owner', areaOf(lanta)))).toBe('allowed');
  expect(decide(ofKrabi, 'people.manage', holder('administrator', krabi))).toBe('allowed');
  expect(decide(ofKrabi, 'people.manage', holder('dla', country))).toBe('hidden');
  expect(decide(ofKrabi, 'people.manage', holder('owner', areaOf(phangnga)))).toBe('hidden');
  expect(decide(ofKrabi, 'people.manage', { kind: 'person', grants: [] })).toBe('hidden');
  const ofBoth = person(
    { role: 'administrator', area: krabi },
    { role: 'administrator', area: { level: 'province', province: 'พังงา' } },
  );
  const inBoth: Subject = {
    kind: 'person',
    grants: [
      { role: 'operator', area: kohLanta },
      { role: 'owner', area: areaOf(phangnga) },
    ],
  };
  expect(decide(ofBoth, 'people.manage', inBoth)).toBe('allowed');
  expect(decide(ofKrabi, 'people.manage', inBoth)).toBe('hidden');
  // Giving out an area is no question of whether it exists.
  expect(decide(ofKrabi, 'people.manage', { kind: 'area', area: country })).toBe('refused');
});

test('an administrator does not read the record of what they did', () => {
  expect(decide(person({ role: 'administrator', area: country }), 'audit.read')).toBe('refused');
});

test('areas for a list are the widest ones, each once', () => {
  const many = person(
    { role: 'owner', area: areaOf(lanta) },
    { role: 'operator', area: kohLanta },
    { role: 'district', area: kohLanta },
    { role: 'owner', area: areaOf(phangnga) },
  );
  expect(areasFor(many, 'camera.list')).toEqual([kohLanta, areaOf(phangnga)]);
  expect(areasFor(many, 'people.manage')).toEqual([]);
});

test('a district enters data as the proxy of an LAO, and an owner for itself', () => {
  const clerk = person({ role: 'district', area: kohLanta });
  expect(authorOf(clerk, lanta)).toEqual({ id: '1', name: 'สมชาย', proxyFor: lanta.name });
  const owner = person(
    { role: 'district', area: kohLanta },
    { role: 'owner', area: areaOf(lanta) },
  );
  expect(authorOf(owner, lanta).proxyFor).toBeNull();
  expect(authorOf(owner, klongyang).proxyFor).toBe(klongyang.name);
});
