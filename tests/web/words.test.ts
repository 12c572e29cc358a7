import { describe, expect, test } from 'vitest';
import { surveyRuleNames } from '#registry/condition.ts';
import {
  degradedReasons,
  downReasons,
  observedStates,
  unknownReasons,
} from '#registry/events/camera-event.ts';
import { storageNoticeCodes } from '#storage/storage-notices.ts';
import { detailRows } from '#gateway/web/audit/audit-detail.ts';
import { objectWords } from '#gateway/web/audit/audit-words.ts';
import { declaredWords } from '#registry/inventory/cell-words.ts';
import { columnOf, type ColumnKey } from '#registry/inventory/columns.ts';
import { dateAndTime, moment } from '#gateway/web/buddhist-date.ts';
import { codecName, isPlayable } from '#gateway/web/codec.ts';
import { keptWords } from '#gateway/web/keeping/kept-words.ts';
import { arrivalOf, parseRoute, routeHash } from '#gateway/web/route.ts';
import { sizeWords, storageWords, waitingShare } from '#gateway/web/shell/storage-words.ts';
import { reasonWords, sinceWords, unplayableWords } from '#gateway/web/state-words.ts';
import { en } from '#gateway/web/words/en.ts';
import { th } from '#gateway/web/words/th.ts';
import { liveState } from './cameras.ts';

/** As the screens have them in Thai. */
function inThai(key: string, values: Readonly<Record<string, unknown>> = {}): string {
  const found = key
    .split('.')
    .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], th);
  return (found as string).replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]));
}

describe('words', () => {
  test('every reason of the gateway has Thai words of its own', () => {
    const reasons = [
      'refused',
      'unreachable',
      'timeout',
      'unauthorised',
      'not-found',
      'no-video',
      'no-whole-picture',
      'transport-refused',
      'tls',
      'codec-not-supported',
      'silent',
      'protocol-error',
      'closed-by-camera',
      'address-not-allowed',
      'site-budget',
      'worker-restarted',
      'memory-full',
    ];
    expect(Object.keys(th.reason).toSorted()).toEqual(reasons.toSorted());
    expect(new Set(reasons.map((reason) => reasonWords(reason, 'th'))).size).toBe(reasons.length);
    for (const reason of reasons) expect(reasonWords(reason, 'th')).toMatch(/[ก-๙]/u);
  });

  test('every rule of the survey and every reason of a condition has Thai words', () => {
    expect(Object.keys(th.surveyRule).toSorted()).toEqual(surveyRuleNames.toSorted());
    expect(Object.keys(th.observedState).toSorted()).toEqual(observedStates.toSorted());
    expect(Object.keys(th.observedReason).toSorted()).toEqual(
      [...degradedReasons, ...downReasons, ...unknownReasons].toSorted(),
    );
  });

  test('an entry of the audit log is told by names and fields, before and after, not by ids and JSON', () => {
    const cameraId = '019ec1a0-0000-7000-8000-000000000001';
    const names = { [cameraId]: { kind: 'camera', name: 'หน้าตลาดสด' } };
    expect(objectWords({ kind: 'camera', id: cameraId, label: null }, names, 'th')).toBe(
      'หน้าตลาดสด',
    );
    expect(objectWords({ kind: 'audit', id: 'audit', label: null }, {}, 'th')).toBe('บันทึกการใช้งาน');
    const owner = { role: 'owner', area: { level: 'country' } };
    const rows = detailRows(
      {
        before: { name: 'ทต.เก่า', district: 'เมืองกระบี่' },
        changed: { name: 'ทต.ใหม่', district: 'เกาะลันตา' },
        fields: ['retentionDays', 'brand'],
        from: '2026-11-25T01:00:00.000Z',
        hold: cameraId,
        code: 'camera_twice',
        action: 'camera.watch',
        secondFactor: true,
        grants: [owner],
        grantsBefore: [],
        somethingNew: { depth: 1 },
      },
      names,
      'th',
    );
    expect(rows.map(({ label, before, value }) => [label, before, value])).toEqual([
      ['ชื่อ', 'ทต.เก่า', 'ทต.ใหม่'],
      ['อำเภอ', 'เมืองกระบี่', 'เกาะลันตา'],
      ['บทบาทและพื้นที่', '–', 'เจ้าของกล้อง (อปท.) · ทั้งประเทศ'],
      ['ช่องที่แก้', undefined, 'จำนวนวันในการเก็บการบันทึก, ยี่ห้อกล้อง'],
      ['ตั้งแต่', undefined, expect.stringContaining('2569')],
      ['รายการที่ระงับไว้', undefined, 'หน้าตลาดสด'],
      ['เหตุที่ไม่สำเร็จ', undefined, th.error.camera_twice],
      ['สิทธิ์ที่ต้องใช้', undefined, 'ดูภาพสด'],
      ['ยืนยันตัวตนสองขั้น', undefined, th.yes],
      ['somethingNew', undefined, 'depth: 1'],
    ]);
  });

  test('a field ๙ that was lowered says what is kept still, and what that waits for', () => {
    const act = { id: 'a', name: 'ผู้ขอ', at: '2026-11-25T08:00:00Z' };
    const pending = {
      id: 's',
      days: 7,
      reason: 'พื้นที่ไม่พอ',
      requested: act,
      decided: null,
      cameras: [],
    };
    const of = { inventoryDays: 7, days: 30 };
    expect(
      [
        null,
        { ...pending, state: 'requested', effectiveAt: null },
        { ...pending, state: 'approved', effectiveAt: '2026-12-02T08:00:00Z' },
      ].map((one) => keptWords({ ...of, pending: one }, inThai, 'th')),
    ).toEqual([
      'บันทึกไว้ 7 วัน (ระบบยังเก็บ 30 วัน จนกว่าจะอนุมัติลด)',
      'บันทึกไว้ 7 วัน (ระบบยังเก็บ 30 วัน ขอลดเหลือ 7 วันแล้ว รออนุมัติ)',
      expect.stringMatching(/^บันทึกไว้ 7 วัน \(ระบบยังเก็บ 30 วัน อนุมัติให้เหลือ 7 วันแล้ว เริ่มลบ .*2569/u),
    ]);
  });

  test('every notice of the storage says in words what is wrong and what to do', () => {
    expect(Object.keys(th.storageAlarm.codes).toSorted()).toEqual(storageNoticeCodes.toSorted());
    for (const code of storageNoticeCodes) {
      const { title, todo } = storageWords(code, 'th');
      expect([title, todo]).toEqual([
        expect.stringMatching(/^การบันทึกภาพ/),
        expect.stringMatching(/^แจ้งผู้ดูแล/),
      ]);
    }
    expect(storageWords('of-a-newer-gateway', 'th').title).toContain('of-a-newer-gateway');
    expect(storageWords('constructor', 'en').title).toContain('constructor');
  });

  test('a size is told as disks are sold', () => {
    expect([20, 30_400_000, 12_600_000_000].map(sizeWords)).toEqual(['1 MB', '30 MB', '13 GB']);
  });

  test('how much of what may wait does: by bytes or by age, whichever is nearer to its bound', () => {
    const nowMs = Date.parse('2026-11-26T10:00:00Z');
    const bounds = { bytes: 1_000, hours: 72 };
    const share = (bytes: number, oldest: string | null): number =>
      waitingShare({ notices: [], waiting: { recordings: 1, bytes, oldest }, bounds }, nowMs);
    expect(share(250, null)).toBe(25);
    expect(share(250, '2026-11-24T22:00:00Z')).toBe(50);
    expect(share(5_000, '2026-11-24T22:00:00Z')).toBe(100);
  });

  test('every cause that the storage gives a gap has words', () => {
    const details = [
      'latest',
      'starting',
      'stopped',
      'lost-pictures',
      'recorder-behind',
      'recorder-restarted',
      'clock-set',
      'stream-changed',
      'disk-full',
      'spool-full',
      'spool-too-old',
      'spool-failed',
      'spool-corrupt',
      'spool-damaged',
      'spool-missing',
      'spool-file-missing',
      'spool-file-refused',
      'object-missing',
      'object-length',
      'object-corrupt',
    ];
    expect(Object.keys(th.footage.detail).toSorted()).toEqual(details.toSorted());
  });

  test('a reason of a newer gateway is called another reason', () => {
    expect(reasonWords('toString-like', 'th')).toBe(th.otherReason);
    expect(reasonWords('constructor', 'th')).toBe(th.otherReason);
  });

  test('the form and the template call a field, and what stands in it, the same', () => {
    for (const key of ['owningAgency', 'position', 'brand', 'frameRate'] as const) {
      expect(th.field[key]).toBe(headingOf(key));
    }
    expect([th.field.scope, th.field.declared, th.field.budgetSource]).toEqual(
      (['scope', 'declared', 'budgetSource'] as const).map(headingOf),
    );
    const form = ['model', 'declaredReason', 'latitude', 'longitude', 'url', 'site'] as const;
    const stream = ['username', 'password', 'transport', 'sound', 'record'] as const;
    for (const key of [...form, ...stream]) expect(th.form[key]).toBe(headingOf(key));
    // As templates of before have it.
    expect(columnOf('sound').aliases).toContain('เสียง');
    // Letter for letter those of the survey form.
    expect(th.declared).toEqual(declaredWords);
    expect(th.repairs.states.unrepairable).toBe(declaredWords.unrepairable);
    expect(JSON.stringify(th)).not.toContain('ซ่อมไม่ได้');
  });

  test('both languages fill the same places', () => {
    expect(placesIn(en)).toEqual(placesIn(th));
  });

  test('a codec that the browser cannot play is called by its name', () => {
    expect(unplayableWords('hvc1.1.6.L93.B0', 'th')).toBe('เบราว์เซอร์นี้เล่นภาพแบบ H.265 (HEVC) ไม่ได้');
    expect(codecName('avc1.64001F')).toBe('H.264');
  });

  test('an unknown codec is tried, a refused one is not', () => {
    expect(isPlayable(null, () => false)).toBe(true);
    expect(isPlayable('hvc1.1.6.L93.B0', (type) => !type.includes('hvc1'))).toBe(false);
  });
});

describe('dates', () => {
  test('are in the Buddhist era and in the time of Thailand', () => {
    expect(dateAndTime('2026-11-24T20:30:00Z', 'th')).toContain('2569');
    expect(dateAndTime('2026-11-24T20:30:00Z', 'th')).toContain('25 พ.ย.');
    expect(dateAndTime('2026-11-24T20:30:00Z', 'en')).toContain('2569');
  });

  test("today's moments are told by their time alone", () => {
    const nowMs = Date.parse('2026-11-24T05:00:00Z');
    expect(moment('2026-11-24T02:00:00Z', nowMs, 'th')).toBe('09:00:00');
    expect(moment('2026-11-23T02:00:00Z', nowMs, 'th')).toContain('2569');
    expect(sinceWords(liveState('a', 'up'), nowMs, 'th')).toBe('ตั้งแต่ 09:00:00 น.');
  });

  test('an unreadable one is empty', () => {
    expect(dateAndTime('soon', 'th')).toBe('');
  });
});

describe('the address', () => {
  test.each([
    { view: 'camera', cameraId: 'ก/ข 1' },
    { view: 'register', query: '' },
    { view: 'register', query: 'q=ตลาด&declared=working' },
    { view: 'registered', cameraId: 'ก/ข 1' },
    { view: 'edit', cameraId: 'a' },
    { view: 'counts', query: 'province=กระบี่' },
    { view: 'repairs', query: 'kind=overdue' },
    { view: 'rounds' },
    { view: 'round', roundId: 'ก/ข 1' },
    { view: 'return', returnId: 'a', version: null },
    { view: 'return', returnId: 'a', version: 2 },
    { view: 'print', returnId: 'a', version: 1 },
    { view: 'inbox' },
    { view: 'people' },
    { view: 'audit' },
    { view: 'new' },
  ] as const)('of $view comes back as it is', (route) => {
    expect(parseRoute(routeHash(route))).toEqual(route);
  });

  test('of a one-time link gives its token, which no server sees', () => {
    expect(arrivalOf({ pathname: '/invitation', hash: '#Zm9v-_', search: '' })).toEqual({
      kind: 'invitation',
      token: 'Zm9v-_',
    });
    expect(arrivalOf({ pathname: '/setup', hash: '#t', search: '' })?.kind).toBe('set-up');
    expect(arrivalOf({ pathname: '/', hash: '', search: '?sign-in=failed' })?.kind).toBe(
      'sign-in-failed',
    );
    expect(arrivalOf({ pathname: '/', hash: '#/register', search: '' })).toBeUndefined();
  });

  test.each(['', '#', '#/', '#/camera/', '#/camera/a/b', '#/camera/%E0%'])(
    '%j shows the wall',
    (hash) => {
      expect(parseRoute(hash)).toEqual({ view: 'wall' });
    },
  );
});

/** Each text by its key with the names of what is put into it. */
function placesIn(words: object): string[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === 'object' && value !== null) return placesIn(value);
    const places = String(value).match(/\{\{\w+\}\}/gu) ?? [];
    return [`${key}: ${places.toSorted((a, b) => a.localeCompare(b)).join(' ')}`];
  });
}

function headingOf(key: ColumnKey): string {
  return columnOf(key).heading;
}
