import { expect, test } from 'vitest';
import { passwordFault } from '#gateway/auth/password-rules.ts';
import { openPasswords, TooManySignIns } from '#gateway/auth/passwords.ts';

test('a password is verified against its hash, in whichever form its letters were typed', async () => {
  const passwords = openPasswords();
  const phc = await passwords.hash('é เกาะลันตาใหญ่ 2569');
  expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$=]{22}\$[^$=]{43}$/);
  expect(await passwords.verify('é เกาะลันตาใหญ่ 2569'.normalize('NFD'), phc)).toBe(true);
  expect(await passwords.verify('é เกาะลันตาใหญ่ 2568', phc)).toBe(false);
  expect(await passwords.hash('é เกาะลันตาใหญ่ 2569')).not.toBe(phc);
});

test('a hash of the reference implementation is verified', async () => {
  // phc-winner-argon2, test.c, version 0x13: argon2id, t=2, m=2^16 KiB, p=1, "password", "somesalt".
  const phc =
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  expect(await openPasswords().verify('password', phc)).toBe(true);
  expect(await openPasswords().verify('passwore', phc)).toBe(false);
});

test('nobody’s password is never right', async () => {
  expect(await openPasswords().verify('', null)).toBe(false);
});

test('hashes wait in a line that has an end', async () => {
  const passwords = openPasswords({ atOnce: 1, waiting: 2 });
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, async () => passwords.hash('a password that is long')),
  );
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
  ]);
  expect(results[4]).toMatchObject({ reason: expect.any(TooManySignIns) });
  // The line is free again.
  expect(await passwords.verify('x', null)).toBe(false);
});

test('a password is refused for its length, its commonness or its owner’s name, and for nothing else', async () => {
  const own = ['สมชาย ใจดีมาก', 'somchai.jaidee@lanta.go.th'];
  const faults = {
    elevenchars: 'too-short',
    ['x'.repeat(201)]: 'too-long',
    'Passw0rd1234!': 'common',
    password12345: 'common',
    aaaaaaaaaaaa: 'common',
    letmeinletmein: 'common',
    '123456789012': 'common',
    'somchai.jaidee1': 'own-name',
    'ใจดีมาก-1234': 'own-name',
    เกาะลันตาสวยงาม: undefined,
    'correct horse battery': undefined,
    onlylowercaseletters: undefined,
    '749302857610': undefined,
  };
  for (const [password, fault] of Object.entries(faults)) {
    expect([password, await passwordFault(password, own)]).toEqual([password, fault]);
  }
});
