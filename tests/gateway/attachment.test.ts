import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { attachment, attachmentOf, cameraFileName, fileNameOf } from '#gateway/attachment.ts';

const market = { position: 'หน้าตลาดสด', lao: { name: 'ทต.ศาลาด่าน' } };
/** 00:59:58 on 26 November 2569 in Thailand; the day before in UTC. */
const NIGHT = Date.parse('2026-11-25T17:59:58.700Z');

test('a file is called by its camera, and by the day and time in Thailand', () => {
  const name = cameraFileName(market);
  const still = { name, plainName: 'camera', fromMs: NIGHT, extension: 'jpg' };
  expect(fileNameOf(still)).toBe('หน้าตลาดสด ทต.ศาลาด่าน 2569-11-26 00.59.58.jpg');
  expect(fileNameOf({ ...still, toMs: NIGHT + 62_000, extension: 'mp4' })).toBe(
    'หน้าตลาดสด ทต.ศาลาด่าน 2569-11-26 00.59.58-01.01.00.mp4',
  );
});

test('a header holds ASCII only: the name as RFC 8187 writes it, and one for programs that do not read that', () => {
  const header = attachment({
    name: "แยก (1)'*",
    plainName: 'camera',
    fromMs: NIGHT,
    extension: 'jpg',
  });
  expect(header).toBe(
    'attachment; filename="camera 2569-11-26 00.59.58.jpg"; ' +
      "filename*=UTF-8''%E0%B9%81%E0%B8%A2%E0%B8%81%20%281%29%27%2A%202569-11-26%2000.59.58.jpg",
  );
  // Half of a surrogate pair, which no percent sign can write.
  expect(attachmentOf('a\ud800.csv', 'a.csv')).toContain('a%EF%BF%BD.csv');
});

test.each([
  ['../../etc/ตลาด', '-..-etc-ตลาด'],
  ['แยก A/B: "เหนือ"\\ใต้?', 'แยก A-B- -เหนือ-ใต้-'],
  ['ตลาด\r\nX-Header: 1', 'ตลาด X-Header- 1'],
  // A zero-width space between words, and what would show `gpj.exe` as `exe.jpg`.
  ['หน้า\u200bตลาด\u202egpj.exe', 'หน้าตลาดgpj.exe'],
  ['CON.1', '_CON.1'],
  ['. ตลาด ..', 'ตลาด'],
])('of %j a file system gets %j', (position, safe) => {
  expect(cameraFileName({ position, lao: { name: 'อบต.ก' } })).toBe(`${safe} อบต.ก`);
});

test('the longest name fits into 255 bytes, and is cut between letters', () => {
  const name = cameraFileName({ position: 'ก็'.repeat(200), lao: { name: 'ที่'.repeat(200) } });
  const file = { name, plainName: 'camera', fromMs: NIGHT, toMs: NIGHT, extension: 'mp4' };
  expect(Buffer.byteLength(`${fileNameOf(file)} (99).crdownload`)).toBeLessThanOrEqual(255);
  expect(name).toMatch(/^(?:ก็)+ (?:ที่)+$/);
});
