import { expect, test } from 'vitest';
import { inventoryFields, newCamera, purposeLabels } from '#registry/camera.ts';
import { findings } from '#registry/provenance.ts';
import { redactStreamAddress } from '#registry/redact-stream-address.ts';
import {
  addressKey,
  deviceOf,
  splitStreamAddress,
  StreamAddressNotValid,
} from '#registry/stream-address.ts';
import { uuidV7Ms, uuidV7Source } from '#registry/uuid-v7.ts';
import { krabiCamera } from './krabi-camera.ts';

test('the 11 headings are those of the inventory, letter for letter and in its order', () => {
  expect(inventoryFields.map(({ number, thaiLabel }) => `${number} ${thaiLabel}`)).toEqual([
    '๑ ชื่อหน่วยงานเจ้าของกล้อง',
    '๒ ตำแหน่งในการติดตั้งกล้อง',
    '๓ วัตถุประสงค์ของกล้อง แบ่งเป็น ๓ ประเภท และต้องมีความยืดหยุ่นกัน',
    '๔ ข้อมูลการเชื่อมโยงหน่วยงาน',
    '๕ โครงข่ายที่เชื่อมโยง',
    '๖ ยี่ห้อกล้อง',
    '๗ ความละเอียดของภาพที่บันทึก',
    '๘ ความละเอียดของการบันทึกสูงสุด',
    '๙ จำนวนวันในการเก็บการบันทึก',
    '๑๐ จำนวนภาพต่อวินาทีที่บันทึก (Frame Rate)',
    '๑๑ รูปแบบไฟล์ที่บันทึก',
  ]);
  expect(inventoryFields.map(({ group }) => group)).toEqual([
    ...Array.from({ length: 2 }, () => 'installation'),
    'purpose',
    ...Array.from({ length: 2 }, () => 'connection'),
    ...Array.from({ length: 6 }, () => 'recording'),
  ]);
  expect(Object.values(purposeLabels)).toEqual([
    '๓.๑ เพื่อป้องกันและเฝ้าระวัง',
    '๓.๒ เพื่อสืบสวน สอบสวน ติดตามผู้กระทำความผิด',
    '๓.๓ เพื่อการจราจร',
  ]);
});

test('a recording above the highest resolution is a finding, not a refusal', () => {
  const above = { recordedResolution: '3840x2160', highestResolution: '1920x1080' };
  const given = newCamera.parse(krabiCamera(above));
  expect(findings(given)).toEqual([
    {
      field: 'recordedResolution',
      code: 'recorded_above_highest',
      registered: '3840x2160',
      observed: '1920x1080',
    },
  ]);
  expect(findings({ ...given, highestResolution: '3840x2160' })).toEqual([]);
  // A camera turned on its side records as many pixels.
  expect(findings({ ...given, recordedResolution: '1080x1920' })).toEqual([]);
  expect(findings({ ...given, highestResolution: null })).toEqual([]);
});

const withSnapshot = (snapshotUrl: string) =>
  newCamera.safeParse(krabiCamera({ stream: { url: 'rtsp://u:p@10.0.0.1/a', snapshotUrl } }));

test('the address of a still picture begins with http, and its credentials are those of the stream', () => {
  expect(withSnapshot('http://u:p@10.0.0.1/s').data?.stream).toMatchObject({
    url: 'rtsp://10.0.0.1/a',
    snapshotUrl: 'http://10.0.0.1/s',
    username: 'u',
    password: 'p',
  });
  const refused = [
    'https://10.0.0.1/s',
    'file:///etc/passwd',
    'rtsp://10.0.0.1/s',
    'http://10.0.0.1/***',
    'http://10.0.0.9\\.10.0.0.1/',
  ];
  for (const url of refused) {
    expect(
      withSnapshot(url).error?.issues.map(({ path }) => path),
      url,
    ).toEqual([['stream', 'snapshotUrl']]);
  }
  const other = withSnapshot('http://v:p@10.0.0.1/s').error?.issues;
  expect(other?.map(({ message }) => message)).toEqual(['the address holds another username']);
});

test('text is kept in NFC without the blanks around it', () => {
  const { position } = newCamera.parse(krabiCamera({ position: '  ร้าน Cafe\u0301  ' }));
  expect(position).toBe('ร้าน Café');
});

test('credentials are taken out of an address as people paste it', () => {
  const cases: [string, string, string | null, string | null][] = [
    ['rtsp://10.0.0.1/a', 'rtsp://10.0.0.1/a', null, null],
    ['RTSP://10.0.0.1:8554/A?b=C', 'rtsp://10.0.0.1:8554/A?b=C', null, null],
    ['rtsps://u:p@cam.local/x', 'rtsps://cam.local/x', 'u', 'p'],
    ['rtsp://u@10.0.0.1', 'rtsp://10.0.0.1', 'u', null],
    ['rtsp://u:@10.0.0.1/', 'rtsp://10.0.0.1/', 'u', null],
    ['rtsp://u:p%40%3A@10.0.0.1/', 'rtsp://10.0.0.1/', 'u', 'p@:'],
    ['rtsp://u:p@ss:w@10.0.0.1/', 'rtsp://10.0.0.1/', 'u', 'p@ss:w'],
    ['rtsp://u:100%@10.0.0.1/', 'rtsp://10.0.0.1/', 'u', '100%'],
    ['rtsp://u:a/b?c#d@10.0.0.1:554/x', 'rtsp://10.0.0.1:554/x', 'u', 'a/b?c#d'],
    ['rtsp://u:12/3@10.0.0.1/x', 'rtsp://10.0.0.1/x', 'u', '12/3'],
    ['rtsp://10.0.0.1/user@x', 'rtsp://10.0.0.1/user@x', null, null],
    ['rtsp://u:p@[fd00::1]:554/a@b', 'rtsp://[fd00::1]:554/a@b', 'u', 'p'],
  ];
  for (const [pasted, url, username, password] of cases) {
    const address = splitStreamAddress(pasted);
    expect([address.url, address.username, address.password || null]).toEqual([
      url,
      username,
      password,
    ]);
  }
});

test('one device is one host and one port, however its address says so', () => {
  expect(deviceOf('rtsp://CAM.local/a')).toBe(deviceOf('rtsp://cam.local:554/b'));
  expect(deviceOf('rtsp://[fd00::1]/a')).toBe(deviceOf('rtsp://[fd00::1]:554/b'));
  for (const other of ['rtsps://h:322/', 'rtsps://h/', 'rtsp+http://h:80/', 'rtsp://h:8554/']) {
    expect(deviceOf(other)).not.toBe(deviceOf('rtsp://h:554/'));
  }
});

test.each([
  ['rtsp://10.0.0.9/s', ['10.9', '10.0.9', '0x0a000009', '167772169', '012.0.0.9', '10.0.0.9.']],
  ['rtsp://[fd00::9]/s', ['[FD00::9]', '[fd00:0:0::9]', '[fd00:0000::0009]:554']],
  ['rtsp://cam.local/s', ['Cam.LOCAL', 'cam.local.', 'cam.local:554', 'cam.local:']],
  // What nobody can resolve is what it says, and a name of one label is another one when it is whole.
  ['rtsp://256.1.1.1/s', ['256.1.1.1:554']],
  ['rtsp://cam_1/s', ['CAM_1']],
])('%s has one key, however its host is spelled', (address, hosts) => {
  for (const host of hosts) {
    const spelled = `rtsp://${host}/s`;
    expect([spelled, addressKey(spelled)]).toEqual([spelled, address]);
    expect(addressKey(`${spelled}?`)).toBe(address);
    expect(deviceOf(spelled)).toBe(deviceOf(address));
    // What is dialled is what was given.
    expect(splitStreamAddress(spelled).url).toBe(spelled);
  }
});

test('other hosts, ports, paths and queries are other addresses', () => {
  const others = ['10.0.0.90/s', '10.0.0.9:8554/s', '10.0.0.9/S', '10.0.0.9/s/', '10.0.0.9/s?a'];
  const keys = ['10.0.0.9/s', 'cam/s', 'cam./s', ...others].map((of) => addressKey(`rtsp://${of}`));
  expect(new Set(keys).size).toBe(keys.length);
  expect(addressKey('rtsps://10.9:322/s')).toBe('rtsps://10.0.0.9/s');
  expect(addressKey('rtsp://10.0.0.9/s?a?')).toBe('rtsp://10.0.0.9/s?a?');
});

test('an address in which the password cannot be told apart is refused, and not repeated', () => {
  for (const pasted of [
    'rtsp://u:s3cret/x@cam.local/',
    'rtsp://u:s3cret#x@cam.local/',
    'rtsp://u:s3@cret/x@cam.local/',
    'rtsp://u:s3cret@/x',
    'rtsp://u:s3cret@10.0.0.1/x#y',
    'rtsp://u:s3cret@10.0.0.1/\r\nTEARDOWN',
    'rtsp://u:s3cret@10.0.0.1/\ud800',
    'rtmp://u:s3cret@10.0.0.1/',
    '//u:s3cret@10.0.0.1/',
  ]) {
    let caught: unknown;
    try {
      splitStreamAddress(pasted);
    } catch (error) {
      caught = error;
    }
    expect([pasted, caught]).toEqual([pasted, expect.any(StreamAddressNotValid)]);
    expect(String(caught)).not.toContain('cret');
  }
});

test('secrets within an address are hidden, in every form that firmwares have for them; the rest stays letter for letter', () => {
  const at = 'rtsp://10.0.0.1:554';
  for (const [whole, shown] of [
    ['/cam?user=admin&password=PW&channel=1', '/cam?user=admin&password=***&channel=1'],
    [
      '/user=admin_password=PW_channel=1_stream=0.sdp',
      '/user=admin_password=***_channel=1_stream=0.sdp',
    ],
    ['/user=admin&password=PW&channel=1/a', '/user=admin&password=***&channel=1/a'],
    ['/0/admin:PW/main', '/0/admin:***/main'],
    ['/888888:PW/main', '/888888:***/main'],
    ['/a?loginuse=admin&loginpas=PW', '/a?loginuse=admin&loginpas=***'],
    ['/a?userpassword=PW&b=1', '/a?userpassword=***&b=1'],
    ['/a?apikey=PW', '/a?apikey=***'],
    ['/a?pw=PW&key=PW', '/a?pw=***&key=***'],
    ['/a?p%61ssword=PW', '/a?password=***'],
    ['/a?token=aaa/PW', '/a?token=***'],
    ['/a?password=a;PW', '/a?password=***'],
    ['/a;password=a;PW/b', '/a;password=***/b'],
    ['/a?token=PW;channel=2', '/a?token=***;channel=2'],
    ['/a?Auth-Token=PW?PW', '/a?Auth-Token=***'],
  ] as const) {
    expect(redactStreamAddress(at + whole)).toBe(at + shown);
    expect(redactStreamAddress(at + shown)).toBe(at + shown);
  }
  for (const plain of [
    '',
    '/',
    '/ch:1/main',
    '/h264:101',
    '/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif',
    '/a?keyframe=1&user=admin&d%61y=2',
    '/a?password=&b=1',
  ]) {
    expect(redactStreamAddress(at + plain)).toBe(at + plain);
  }
  expect(redactStreamAddress('rtsp://[fd00::1]:554/a?b=c')).toBe('rtsp://[fd00::1]:554/a?b=c');
});

test('ids sort in the order they were made, also when the clock stands or goes back', () => {
  const times = [1_000, 1_000, 900, 2_000];
  let i = 0;
  const nextId = uuidV7Source(() => times[Math.min(i++, times.length - 1)] ?? 0);
  const ids = Array.from({ length: 10_000 }, () => nextId());
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidV7Ms(ids[0] ?? '')).toBe(1_000);
});
