import type { Camera } from '../camera.ts';
import { matchKey } from '../thai-names.ts';

/** The words of drop-downs, and others that people write for them. Keys are as `matchKey` makes them. */

export const TICK = '✓';
export const YES = 'ใช่';
export const NO = 'ไม่ใช่';

export const scopeWords = {
  'public-area': 'พื้นที่สาธารณะ',
  'adjacent-road': 'ถนนโดยรอบพื้นที่',
  'closed-area': 'พื้นที่ปิดเฉพาะ',
} as const satisfies Record<Camera['scope'], string>;

export const declaredWords = {
  working: 'ใช้งานได้',
  'under-repair': 'อยู่ระหว่างซ่อม',
  unrepairable: 'ไม่สามารถซ่อมได้',
} as const satisfies Record<Camera['declared'], string>;

export const transportWords = {
  auto: 'อัตโนมัติ',
  tcp: 'TCP',
  udp: 'UDP',
} as const;

export const resolutions = [
  '640x480',
  '1280x720',
  '1920x1080',
  '2304x1296',
  '2560x1440',
  '2688x1520',
  '3840x2160',
];
export const fileFormats = ['H.264', 'H.265', 'MP4', 'MPEG-4', 'AVI', 'MJPEG'];

export const scopes = meanings(
  scopeWords,
  ['public-area', 'public-area', 'สาธารณะ'],
  ['adjacent-road', 'adjacent-road', 'ถนน'],
  ['closed-area', 'closed-area', 'พื้นที่ปิดเฉพาะ นับจำนวนอย่างเดียว', 'พื้นที่ปิด'],
);

export const declarations = meanings(
  declaredWords,
  ['working', 'working', 'ใช้การได้', 'ปกติ'],
  ['under-repair', 'under-repair', 'ระหว่างซ่อม', 'ชำรุด อยู่ระหว่างซ่อม', 'ชำรุด: อยู่ระหว่างซ่อม'],
  ['unrepairable', 'unrepairable', 'ซ่อมไม่ได้', 'ชำรุด ไม่สามารถซ่อมได้', 'ชำรุด: ไม่สามารถซ่อมได้'],
);

export const transports = meanings(transportWords, ['auto', 'auto']);

export const truths: ReadonlyMap<string, boolean> = new Map(
  [
    ...[YES, 'มี', 'true', '1', 'yes', 'y', '✓', '✔', '/'].map((word) => [word, true] as const),
    ...[NO, 'ไม่มี', 'ไม่', 'false', '0', 'no', 'n', '-', '✗'].map((word) => [word, false] as const),
  ].map(([word, meaning]) => [matchKey(word), meaning]),
);

/** An x is a cross to one and a tick to another: it is refused, not guessed. */
export const ticks = truths;

function meanings<Meaning extends string>(
  words: Readonly<Record<Meaning, string>>,
  ...others: readonly (readonly [Meaning, ...string[]])[]
): ReadonlyMap<string, Meaning> {
  const found = new Map<string, Meaning>();
  for (const [meaning, word] of Object.entries(words) as [Meaning, string][]) {
    found.set(matchKey(word), meaning);
  }
  for (const [meaning, ...more] of others) {
    for (const word of more) found.set(matchKey(word), meaning);
  }
  return found;
}
