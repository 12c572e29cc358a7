import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, type Json } from '#gateway/audit/canonical-json.ts';
import { loggedEntry, loggedEntrySchema } from '#gateway/audit/entry.ts';
import { anEntry } from './entries.ts';

const logged = (changes: Parameters<typeof anEntry>[0]) => loggedEntry(anEntry(changes), 1, 0);

test('a name cannot begin a line of its own, turn the reading order, or end in half a character', () => {
  const name = 'a\nINFO admin signed in\r\u0000\u202e\u2028\ud800';
  const { actor, object, from } = logged({
    actor: { id: name, name },
    object: { kind: 'camera', id: name, label: name },
    from: { address: name, userAgent: name },
  });
  for (const text of [
    actor.id,
    actor.name,
    object.id,
    object.label,
    from.address,
    from.userAgent,
  ]) {
    expect(text).toBe('a\ufffdINFO admin signed in\ufffd\ufffd\ufffd\ufffd\ufffd');
  }
});

test('no value under the name of a secret is kept, however deep it lies', () => {
  const { detail } = logged({
    detail: {
      Password: 'pa55',
      newPassword: 'pa55',
      stream: { url: 'rtsp://10.0.0.1/', credentials: { user: 'pa55' } },
      list: [{ api_token: 'pa55' }],
      headers: { authorization: 'pa55', Cookie: 'pa55' },
      otp: 123_456,
      tokenId: 't1',
      passwordChanged: true,
    },
  });
  expect(JSON.stringify(detail)).not.toMatch(/pa55|123456/);
  expect(detail).toMatchObject({ tokenId: 't1', passwordChanged: true });
});

test('long texts, long lists and deep nesting are cut, and a huge detail leaves its size', () => {
  const { why, detail } = logged({
    why: 'ก'.repeat(5_000),
    detail: {
      text: 'x'.repeat(5_000),
      list: Array.from({ length: 80 }, (_, i) => i),
      deep: { a: { b: { c: { d: { e: 1 } } } } },
    },
  });
  expect(why).toHaveLength(1_000);
  expect(detail['text']).toHaveLength(500);
  expect(detail['list']).toHaveLength(51);
  expect(JSON.stringify(detail['deep'])).toBe('{"a":{"b":{"c":{"d":"…"}}}}');
  const huge = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i, 'x'.repeat(500)]));
  expect(logged({ detail: huge }).detail).toEqual({ leftOutBytes: expect.any(Number) as number });
});

test('a detail named __proto__ is not lost on the way back', () => {
  const detail: unknown = JSON.parse('{"__proto__": 1, "nested": {"__proto__": {"a": 2}}}');
  const entry = logged({ detail: detail as Record<string, unknown> });
  const read = loggedEntrySchema.parse(JSON.parse(canonicalJson(entry as object as Json)));
  expect(read.detail).toEqual({ '(__proto__)': 1, nested: { '(__proto__)': { a: 2 } } });
});

test('a zero below zero is a zero, as JSON has no other', () => {
  expect(Object.is(logged({ detail: { offset: -0 } }).detail['offset'], 0)).toBe(true);
});

test('whatever the detail, an entry reads back the same from its canonical JSON, and keeps its bounds', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.anything()),
      fc.string({ unit: 'binary' }),
      (detail, text) => {
        const entry = logged({ detail, why: text, object: { kind: text, id: text } });
        const body = canonicalJson(entry as object as Json);
        expect(loggedEntrySchema.parse(JSON.parse(body))).toEqual(entry);
        expect(canonicalJson(JSON.parse(body) as Json)).toBe(body);
        expect(Buffer.from(body).toString()).toBe(body);
        expect(Buffer.byteLength(body)).toBeLessThan(16_384);
      },
    ),
  );
});
