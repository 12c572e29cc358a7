import { isNotListed } from '#gateway/web/register/not-listed.ts';
import { describe, expect, test } from 'vitest';
import { liesIn, type Grant } from '#gateway/web/api/areas.ts';
import type { OfferedStream } from '#gateway/web/api/onvif.ts';
import { startOfDay } from '#gateway/web/audit/audit-filter.ts';
import { grantWords } from '#gateway/web/people/grant-words.ts';
import { isWhole, newGrant, withRole } from '#gateway/web/people/grants.ts';
import { csvOf } from '#gateway/web/people/list-file.ts';
import { browserName } from '#gateway/web/profile/browser-name.ts';
import {
  byOrigin,
  changeOf,
  disputedFields,
  emptyDraft,
  faultsOf,
  newCameraOf,
  nextChannel,
  onTopOf,
  resolutionOf,
  stopping,
  type Draft,
} from '#gateway/web/register/draft.ts';
import { fieldLabel, fieldValueWords } from '#gateway/web/register/field-words.ts';
import {
  fromDrawing,
  isFarAway,
  moved,
  toDrawing,
  wholeCountry,
  zoomed,
} from '#gateway/web/register/map-view.ts';
import { ownPlace } from '#gateway/web/register/own-place.ts';
import { filterOf, filterQuery, withFilter } from '#gateway/web/register/register-filter.ts';
import {
  isRecorder,
  recorderChannels,
  snapshotOf,
  type ChannelDraft,
} from '#gateway/web/register/recorder-channels.ts';
import { provinceNames } from '#gateway/web/register/outline/outline-path.ts';
import { middleOf, placedOf } from '#gateway/web/register/use-neighbourhood.ts';
import { officialAreas } from '#registry/areas/official-areas.ts';
import { clustersOf } from '#gateway/web/register/camera-clusters.ts';
import { viewsOf, withView } from '#gateway/web/register/saved-views.ts';
import { firstScreen, mayOpen } from '#gateway/web/shell/screen-rights.ts';
import { numberOf } from '#gateway/web/typed-number.ts';

const filled: Draft = {
  ...emptyDraft,
  owningAgency: 'ทต.เกาะลันตาใหญ่',
  position: 'ตลาดสด',
  purposes: ['prevention'],
  lao: { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' },
  budgetSource: 'กระทรวงมหาดไทย',
};
const linked: Draft = { ...filled, linked: true, url: 'rtsp://10.0.0.1/a', username: 'viewer' };

describe('the form', () => {
  test('says which fields are missing, and lets a filled one go', () => {
    expect(stopping(faultsOf(emptyDraft)).toSorted()).toEqual(
      [
        'budgetSource',
        'lao.district',
        'lao.name',
        'lao.province',
        'owningAgency',
        'position',
        'purposes',
      ].toSorted(),
    );
    expect(faultsOf(filled).size).toBe(0);
  });

  test('takes Thai digits and sizes however they are typed', () => {
    expect(numberOf('๓๐')).toBe(30);
    expect(numberOf(' ๓๐ วัน')).toBe(30);
    expect(numberOf('')).toBeNaN();
    for (const typed of ['1920x1080', '1920 × 1080', '๑๙๒๐*๑๐๘๐', '1,920X1,080']) {
      expect(resolutionOf(typed)).toBe('1920x1080');
    }
    expect(resolutionOf('Full HD')).toBeUndefined();
    expect(newCameraOf({ ...filled, retentionDays: '๓๐' })['retentionDays']).toBe(30);
  });

  test('warns of field 7 above field 8, and does not stop for it', () => {
    const faults = faultsOf({
      ...filled,
      recordedResolution: '3840x2160',
      highestResolution: '1920x1080',
    });
    expect(faults.get('recordedResolution')).toBe('aboveHighest');
    expect(stopping(faults)).toEqual([]);
  });

  test.each([
    ['retentionDays', '30.5', 'days'],
    ['retentionDays', '0', 'days'],
    ['frameRate', '0', 'rate'],
    ['frameRate', 'เร็ว', 'rate'],
    ['latitude', '91', 'coordinate'],
    ['recordedResolution', 'HD', 'resolution'],
  ] as const)('refuses %s %j', (field, value, fault) => {
    expect(faultsOf({ ...filled, [field]: value }).get(field)).toBe(fault);
  });

  test('wants both coordinates, and an rtsp address of a linked camera', () => {
    expect(faultsOf({ ...filled, latitude: '7.5' }).get('longitude')).toBe('bothCoordinates');
    expect(faultsOf({ ...linked, url: 'http://10.0.0.1/' }).get('url')).toBe('address');
    expect(faultsOf(linked).size).toBe(0);
  });

  test('a closed area has no stream, agencies and network, whatever is still typed', () => {
    const typed = { linkedAgencies: ['สภ.ก'], linkNetwork: 'ใยแก้ว' };
    const closed = { ...linked, ...typed, scope: 'closed-area', url: 'no address' };
    const nothing = { stream: null, linkedAgencies: [], linkNetwork: null };
    expect(newCameraOf(closed)).toMatchObject(nothing);
    expect(faultsOf(closed).has('url')).toBe(false);
    expect(changeOf(linked, closed)).toEqual({ scope: 'closed-area' });
  });

  test('what was not touched stays as others saved it meanwhile', () => {
    const theirs = { ...filled, brand: 'ของเขา', frameRate: '12', purposes: ['traffic'] };
    const mine = { ...filled, brand: 'ของเรา', model: 'ใหม่' };
    const merged = onTopOf(theirs, filled, mine);
    expect(merged).toEqual({ ...theirs, brand: 'ของเรา', model: 'ใหม่' });
    expect(changeOf(theirs, merged)).toEqual({ brand: 'ของเรา', model: 'ใหม่' });
    expect(onTopOf(theirs, filled, filled)).toEqual(theirs);
  });

  test('what was typed of a link that others ended is disputed, not lost', () => {
    const mine = { ...linked, url: 'rtsp://10.0.0.9/mine' };
    for (const theirs of [
      { ...linked, linked: false, url: '', subUrl: '', username: '' },
      { ...linked, scope: 'closed-area', linked: false, url: '', subUrl: '', username: '' },
    ]) {
      const merged = onTopOf(theirs, linked, mine);
      const change = changeOf(theirs, merged);
      expect(change).toMatchObject({ stream: { url: 'rtsp://10.0.0.9/mine' } });
      expect(disputedFields(change, ['stream.url', 'scope']).has('stream')).toBe(true);
    }
    // Not touched: theirs.
    const ended = { ...linked, linked: false, url: '' };
    expect(onTopOf(ended, linked, { ...linked, brand: 'ก' })).toEqual({ ...ended, brand: 'ก' });
  });

  test('parts of a link are disputed one by one', () => {
    const change = changeOf(linked, { ...linked, url: 'rtsp://10.0.0.9/mine', brand: 'ก' });
    expect(disputedFields(change, ['stream.sound', 'frameRate'])).toEqual(new Set());
    expect(disputedFields(change, ['stream.url'])).toEqual(new Set(['stream']));
    expect(disputedFields(change, ['brand'])).toEqual(new Set(['brand']));
  });

  test('history has no words of the program in it', () => {
    expect(fieldLabel('stream.tls', 'th')).toBe('การตรวจใบรับรองของกล้อง');
    expect(fieldValueWords('stream.tls', { verify: 'system' }, 'th')).toBe(
      'ตรวจกับ: ใบรับรองที่ระบบเชื่อถือ',
    );
    expect(fieldValueWords('stream.password', 'set', 'th')).toBe('ตั้งไว้แล้ว (ไม่แสดง)');
    expect(fieldValueWords('stream.password', null, 'th')).toBe('–');
    expect(fieldValueWords('stream', { password: 'hunter2' }, 'th')).not.toContain('hunter2');
  });

  test('sends what was changed and nothing else', () => {
    expect(changeOf(filled, filled)).toEqual({});
    expect(changeOf(filled, { ...filled, brand: 'ก', retentionDays: '15' })).toEqual({
      brand: 'ก',
      retentionDays: 15,
    });
    expect(changeOf(linked, { ...linked, linked: false })).toEqual({ stream: null });
  });

  test('a password that was not typed is not sent; one that was is', () => {
    expect(changeOf(linked, { ...linked, sound: true })).toEqual({ stream: { sound: true } });
    expect(changeOf(linked, { ...linked, password: 'new' })).toEqual({
      stream: { password: 'new' },
    });
  });
});

describe("the register's filter", () => {
  test('comes back from its address, without what is unknown or empty', () => {
    const query = filterQuery({ q: 'ตลาด', declared: 'working', brand: ' ' });
    expect(filterOf(query)).toEqual({ q: 'ตลาด', declared: 'working' });
    expect(filterOf('evil=1&q=&lao=ก')).toEqual({ lao: 'ก' });
  });

  test('another province lets the district and the LAO of the old one go', () => {
    const filter = { province: 'กระบี่', district: 'เกาะลันตา', lao: 'ก' };
    expect(filterQuery(withFilter(filter, { province: 'ตรัง' }))).toBe(
      filterQuery({ province: 'ตรัง' }),
    );
    expect(withFilter(filter, { q: 'ข' })).toEqual({ ...filter, q: 'ข' });
  });

  test('views that were saved survive nonsense in the storage', () => {
    expect(viewsOf(null)).toEqual([]);
    expect(viewsOf('{')).toEqual([]);
    expect(viewsOf('[{"name":1},{"name":"ก","query":"q=1"},null]')).toEqual([
      { name: 'ก', query: 'q=1' },
    ]);
  });

  test('a view of the same name is replaced', () => {
    const views = withView([{ name: 'ก', query: 'q=1' }], { name: 'ก', query: 'q=2' });
    expect(views).toEqual([{ name: 'ก', query: 'q=2' }]);
  });
});

describe('the map', () => {
  test('a point that is drawn is the point that is read', () => {
    const { x, y } = toDrawing({ latitude: 7.5349, longitude: 99.0931 });
    expect(fromDrawing(x, y)).toEqual({ latitude: 7.5349, longitude: 99.0931 });
  });

  test('arrow keys move by a fiftieth of what is shown; other keys do not', () => {
    const start = { latitude: 8, longitude: 99 };
    expect(moved(start, 'ArrowUp', 1)).toEqual({ latitude: 8.02, longitude: 99 });
    expect(moved(start, 'ArrowLeft', 1)?.longitude).toBeLessThan(99);
    expect(moved(start, 'a', 1)).toBeUndefined();
  });

  test('is never farther away than the whole country', () => {
    expect(zoomed(zoomed(wholeCountry, 0.5), 8)).toEqual(wholeCountry);
  });

  test('exchanged coordinates are noticed', () => {
    expect(isFarAway({ latitude: 7.5, longitude: 99.1 })).toBe(false);
    expect(isFarAway({ latitude: 99.1, longitude: 7.5 })).toBe(true);
  });
});

describe('people', () => {
  const krabi = { level: 'province', province: 'กระบี่' } as const;

  test('a new role lies in the area of whoever gives it, at the level that it has', () => {
    const grant = newGrant([{ role: 'administrator', area: krabi }]);
    expect(grant).toEqual({
      role: 'owner',
      area: { level: 'lao', province: 'กระบี่', district: '', lao: '' },
    });
    expect(isWhole(grant)).toBe(false);
    expect(isWhole(withRole(grant, 'auditor'))).toBe(true);
    expect(withRole(grant, 'province').area).toEqual(krabi);
  });

  test('a role of a newer gateway is shown by its name', () => {
    expect(grantWords({ role: 'constructor', area: krabi }, 'th')).toBe('constructor · จ.กระบี่');
  });

  test('links to hand out are a CSV in which no name is a formula', () => {
    const row = { line: 2, email: 'a@b.th', outcome: 'created', problem: null };
    const csv = csvOf(
      {
        rows: [
          { ...row, name: '=1+1', link: '/invitation#x' },
          { ...row, name: 'ก, ข', link: null },
        ],
        created: 1,
        refused: 0,
      },
      'https://cctv.example',
    );
    expect(csv).toContain("'=1+1,a@b.th,https://cctv.example/invitation#x");
    expect(csv).not.toContain('ก, ข');
  });

  test('what an LAO keeps lies in that LAO; of two LAOs only the district is common', () => {
    expect(ownPlace([ownerOf('ก')])).toEqual({ province: 'กระบี่', district: 'เกาะลันตา', lao: 'ก' });
    expect(ownPlace([ownerOf('ก'), ownerOf('ข')])).toEqual({
      province: 'กระบี่',
      district: 'เกาะลันตา',
    });
    expect(ownPlace([{ role: 'operator', area: krabi }])).toEqual({});
  });

  test('a browser is called by its own name', () => {
    expect(browserName('Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140')).toBe(
      'Edge · Windows',
    );
    expect(browserName('?')).toBeUndefined();
  });

  test('nobody is led to a screen that is not theirs', () => {
    expect(firstScreen(mayReadAudit)).toEqual({ view: 'audit' });
    expect(mayOpen('people', mayReadAudit)).toBe(false);
    expect(firstScreen(() => false)).toEqual({ view: 'profile' });
  });
});

test('what was accepted by ONVIF goes apart from what was typed, unless it was typed over since', () => {
  const read = { brand: 'AXIS', frameRate: '25' };
  const draft = { ...emptyDraft, ...read, readByOnvif: read, position: 'หน้าตลาด' };
  expect(byOrigin(draft, changeOf(emptyDraft, draft))).toEqual({
    read: { brand: 'AXIS', frameRate: 25 },
    typed: { position: 'หน้าตลาด' },
  });
  const corrected = { ...draft, brand: 'Axis' };
  expect(byOrigin(corrected, changeOf(emptyDraft, corrected))).toEqual({
    read: { frameRate: 25 },
    typed: { position: 'หน้าตลาด', brand: 'Axis' },
  });
});

test('a snapshot address that the device told goes apart from the rest of its stream, with the password typed for it', () => {
  const snapshotUrl = 'http://10.0.0.1/snap';
  const typed = { linked: true, url: 'rtsp://10.0.0.1/1', username: 'u', snapshotUrl };
  const draft = { ...emptyDraft, ...typed, readByOnvif: { snapshotUrl } };
  const told = byOrigin({ ...draft, password: 'p' }, newCameraOf({ ...draft, password: 'p' }));
  expect(told.read).toEqual({ stream: { snapshotUrl, password: 'p' } });
  expect(told.typed['stream']).toMatchObject({ url: typed.url, username: 'u', password: 'p' });
  expect(told.typed['stream']).not.toHaveProperty('snapshotUrl');
  const before = { ...draft, snapshotUrl: '', readByOnvif: {} };
  expect(byOrigin(draft, changeOf(before, draft))).toEqual({
    typed: {},
    read: { stream: { snapshotUrl } },
  });
  const other = { ...draft, snapshotUrl: 'http://10.0.0.1/other' };
  expect(byOrigin(other, changeOf(before, other)).read).toEqual({});
  expect(faultsOf({ ...draft, snapshotUrl: 'https://10.0.0.1/' }).get('snapshotUrl')).toBe(
    'snapshotAddress',
  );
});

test('a snapshot address is taken where it can be fetched, and the password stays with the device', () => {
  expect(snapshotAt('http://10.0.0.1/snap')).toBe('http://10.0.0.1/snap');
  const nowhere = [
    snapshotAt(null),
    snapshotAt('https://10.0.0.1/s'),
    snapshotAt('http://10.0.0.2/s', true),
  ];
  expect(nowhere).toEqual(['', '', '']);
});

test('a day of the audit log is a day in Thailand', () => {
  expect(startOfDay('2026-11-25', 0)).toBe('2026-11-24T17:00:00.000Z');
  expect(startOfDay('2026-11-25', 1)).toBe('2026-11-25T17:00:00.000Z');
  expect(startOfDay('', 0)).toBe('');
});

function ownerOf(lao: string): Grant {
  return { role: 'owner', area: { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao } };
}

function mayReadAudit(action: string): boolean {
  return action === 'audit.read';
}

const offered = (channel: number, resolution: string): OfferedStream => ({
  channel,
  profile: null,
  resolution,
  encoding: 'H264',
  frameRate: 15,
  stream: { url: `rtsp://10.0.0.1/${channel}/${resolution}`, elsewhere: false },
  snapshot: null,
  cameras: [],
});

const snapshotAt = (url: string | null, elsewhere = false): string =>
  snapshotOf({ ...offered(1, '1920x1080'), snapshot: { url, elsewhere } });

const channel = (position: string): ChannelDraft => ({
  position,
  url: `rtsp://10.0.0.1/${position}`,
  subUrl: '',
  snapshotUrl: '',
  recordedResolution: '1280x720',
  frameRate: '12',
});

describe('a recorder box', () => {
  test('has a large picture and a small one a channel; a camera is none', () => {
    const streams = [offered(1, '1920x1080'), offered(1, '640x360'), offered(2, '1280x720')];
    expect(isRecorder(streams)).toBe(true);
    expect(isRecorder(streams.slice(0, 2))).toBe(false);
    expect(
      recorderChannels(streams).map(({ channel, main, sub }) => [
        channel,
        main.resolution,
        sub?.resolution,
      ]),
    ).toEqual([
      [1, '1920x1080', '640x360'],
      [2, '1280x720', undefined],
    ]);
  });

  test('its channels come into the form one after the other, on a pole of their own, with the rest in common', () => {
    const form: Draft = {
      ...emptyDraft,
      position: 'แรก',
      purposes: ['traffic'],
      latitude: '7.5',
      longitude: '99',
      channels: [channel('สอง'), channel('สาม')],
    };
    const second = nextChannel(form);
    expect(second).toMatchObject({
      position: 'สอง',
      url: 'rtsp://10.0.0.1/สอง',
      purposes: ['traffic'],
      latitude: '',
      longitude: '',
      frameRate: '12',
      readByOnvif: { frameRate: '12', recordedResolution: '1280x720' },
    });
    const third = nextChannel(second ?? form);
    expect(third?.position).toBe('สาม');
    expect(nextChannel(third ?? form)).toBeUndefined();
  });
});

const at = (latitude: number | null, longitude: number | null) => ({ latitude, longitude });

test('a map begins where most cameras of the LAO are, whatever one of them says', () => {
  expect(middleOf([at(7.5, 99), at(7.6, 99.1), at(99, 7.5), at(null, null)])).toEqual({
    latitude: 7.6,
    longitude: 99,
  });
  expect(middleOf([at(null, null)])).toBeUndefined();
});

test('a picture may be watched where the session says, and nowhere beside it', () => {
  const lao = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
  const area = { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao: lao.name } as const;
  expect(liesIn(lao, { level: 'country' })).toBe(true);
  expect(liesIn(lao, { level: 'province', province: 'กระบี่' })).toBe(true);
  expect(liesIn(lao, { level: 'province', province: 'ตรัง' })).toBe(false);
  expect(liesIn(lao, { ...area, level: 'district' })).toBe(true);
  expect(liesIn(lao, area)).toBe(true);
  expect(liesIn(lao, { ...area, lao: 'อบต.คลองยาง' })).toBe(false);
  expect(liesIn({ ...lao, district: 'คลองท่อม' }, area)).toBe(false);
});

test('a name that the list has by any spelling is none to warn of, nor is any before the list is here', () => {
  const list = ['ทต.เกาะลันตาใหญ่', 'กระทรวงมหาดไทย'];
  expect(isNotListed('เทศบาลตำบล เกาะลันตาใหญ่', list)).toBe(false);
  expect(isNotListed('กระทรวงมหาดไท', list)).toBe(true);
  expect(isNotListed('กระทรวงมหาดไท', undefined)).toBe(false);
  expect(isNotListed(' ', list)).toBe(false);
});

const placedAt = (id: string, latitude: number, declared: string) => ({
  id,
  position: id,
  declared,
  latitude,
  longitude: 99.05,
});

test('cameras that lie on each other at this zoom are one mark, of the condition of the worst', () => {
  const cameras = [
    placedAt('a', 7.51, 'working'),
    placedAt('b', 7.52, 'unrepairable'),
    placedAt('c', 7.53, 'under-repair'),
    placedAt('d', 8.91, 'working'),
  ];
  const seen = (span: number): unknown[] =>
    clustersOf(cameras, span).map(({ cameras: some, declared }) => [
      some.map(({ id }) => id).join(''),
      declared,
    ]);
  expect(seen(2)).toEqual([
    ['abc', 'unrepairable'],
    ['d', 'working'],
  ]);
  expect(seen(0.1)).toEqual([
    ['a', 'working'],
    ['b', 'unrepairable'],
    ['c', 'under-repair'],
    ['d', 'working'],
  ]);
  expect(clustersOf(cameras, 2)[0]?.latitude).toBeCloseTo(7.52);
  expect(
    placedOf([...cameras, { ...placedAt('e', 0, 'working'), latitude: null }], 'a'),
  ).toHaveLength(3);
});

test('every province has its name on the map, within the country', () => {
  const names = provinceNames();
  expect(new Set(names.map(({ name }) => name))).toEqual(
    new Set(officialAreas().provinces.map(({ name }) => name)),
  );
  for (const { x, y } of names) expect(isFarAway(fromDrawing(x, y))).toBe(false);
});
