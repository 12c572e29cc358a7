import { describe, expect, test } from 'vitest';
import { BitReader, BitsExhausted } from '#ingest/bitstream/bit-reader.ts';
import { InvalidParameterSet } from '#ingest/bitstream/invalid-parameter-set.ts';
import { parseSps, parsePps } from '#ingest/h264/sps.ts';
import { capture } from '../captures.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** The first sequence parameter set of an H.264 byte stream. */
function firstSps(stream: Buffer): Buffer {
  for (let at = 0; (at = stream.indexOf('000001', at, 'hex')) >= 0; at += 3) {
    if (((stream[at + 3] as number) & 0x1f) !== 7) continue;
    const end = stream.indexOf('000001', at + 3, 'hex');
    return stream.subarray(at + 3, end < 0 ? stream.length : end);
  }
  throw new Error('no sequence parameter set');
}

/** Writes fields bit by bit, with emulation prevention: what parseSps undoes. */
function written(...fields: (string | { ue: number })[]): Buffer {
  let bits = fields
    .map((field) => {
      if (typeof field === 'string') return field;
      const code = (field.ue + 1).toString(2);
      return '0'.repeat(code.length - 1) + code;
    })
    .join('');
  bits += '1';
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  const bytes: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8), 2);
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Buffer.from([0x67, ...bytes]);
}

const u8 = (value: number): string => value.toString(2).padStart(8, '0');
const u16 = (value: number): string => value.toString(2).padStart(16, '0');

/** High profile at 4.0, macroblocks wide and high, then what the test is about. */
function high(
  chromaFormat: number,
  wide: number,
  tall: number,
  options: { interlaced?: boolean; crop?: [number, number, number, number]; vui?: string } = {},
): Buffer {
  const { interlaced = false, crop, vui } = options;
  return written(
    u8(100) + u8(0) + u8(40),
    { ue: 0 },
    { ue: chromaFormat },
    ...(chromaFormat === 3 ? ['0'] : []),
    { ue: 0 },
    { ue: 0 },
    '00',
    { ue: 0 },
    { ue: 2 },
    { ue: 1 },
    '0',
    { ue: wide - 1 },
    { ue: tall - 1 },
    interlaced ? '00' : '1',
    '1',
    ...(crop === undefined ? ['0'] : ['1', ...crop.map((ue) => ({ ue }))]),
    vui === undefined ? '0' : `1${vui}`,
  );
}

describe('a sequence parameter set', () => {
  // As ffprobe reads them.
  test.for([
    ['BA1_Sony_D.jsv', 'avc1.42E00C', 176, 144, 1, 1],
    ['Cisco_Men_whisper_640x320_CAVLC_Bframe_9.264', 'avc1.4D0034', 640, 320, 1, 1],
    ['MPS_MW_A.264', 'avc1.42E00B', 176, 144, 1, 1],
    ['SarVui.264', 'avc1.420015', 176, 144, 80, 33],
    ['Static.264', 'avc1.42000D', 152, 100, 1, 1],
    ['Zhling_1280x720.264', 'avc1.42C01F', 1280, 720, 1, 1],
  ] as const)('of %s is %s, %ix%i', ([file, codec, width, height, x, y], context) => {
    const sps = parseSps(firstSps(capture(context, `video/openh264/${file}`)));
    expect(sps).toMatchObject({ id: 0, codec, width, height, sampleAspect: [x, y] });
    expect(sps).toMatchObject({ chromaFormat: 1, bitDepthLuma: 8, bitDepthChroma: 8 });
  });

  test('has no emulation prevention bytes left in it', () => {
    // Capture bunny_describe: 00 00 03 stands in its VUI. Below, 00 00 03 stands before the picture's size.
    expect(parseSps(hex('6742c01ed903c5684000000300400000000c03c58b92'))).toMatchObject({
      width: 240,
      height: 160,
    });
    const before = written(
      u8(66) + u8(0) + u8(40),
      { ue: 0 },
      { ue: 0 },
      { ue: 1 },
      '0',
      { ue: 2 ** 28 },
      { ue: 0 },
      { ue: 0 },
      { ue: 1 },
      '0',
      { ue: 119 },
      { ue: 67 },
      '1100',
    );
    expect(before.includes(hex('000003'))).toBe(true);
    expect(parseSps(before)).toMatchObject({ width: 1920, height: 1088 });
  });

  test.each([
    [0, false, 1, 1],
    [1, false, 2, 2],
    [2, false, 2, 1],
    [3, false, 1, 1],
    [0, true, 1, 2],
    [1, true, 2, 4],
  ])(
    'of chroma format %i, interlaced %s, is cropped in units of %ix%i',
    (chroma, interlaced, x, y) => {
      const sps = parseSps(high(chroma, 20, 10, { interlaced, crop: [1, 2, 3, 4] }));
      expect(sps.width).toBe(320 - 3 * x);
      expect(sps.height).toBe(160 * (interlaced ? 2 : 1) - 7 * y);
      expect(sps.chromaFormat).toBe(chroma);
    },
  );

  test.each([
    ['0', [1, 1]],
    [`1${u8(0)}`, [1, 1]],
    [`1${u8(2)}`, [12, 11]],
    [`1${u8(14)}`, [4, 3]],
    [`1${u8(16)}`, [2, 1]],
    [`1${u8(17)}`, [1, 1]],
    [`1${u8(254)}`, [1, 1]],
    [`1${u8(255)}${u16(40)}${u16(33)}`, [40, 33]],
    [`1${u8(255)}${u16(0)}${u16(33)}`, [1, 1]],
    [`1${u8(255)}${u16(3)}${u16(0)}`, [1, 1]],
  ])('with VUI %s has samples of shape %j', (vui, aspect) => {
    expect(parseSps(high(1, 20, 10, { vui: `${vui}0000` })).sampleAspect).toEqual(aspect);
  });

  test('has samples of the shapes of ITU-T H.264 table E-1', () => {
    const shapes = Array.from(
      { length: 17 },
      (_, idc) => parseSps(high(1, 20, 10, { vui: `1${u8(idc)}0000` })).sampleAspect,
    );
    expect(shapes.slice(1).map(([x, y]) => `${x}:${y}`)).toEqual(
      '1:1 12:11 10:11 16:11 40:33 24:11 20:11 32:11 80:33 18:11 15:11 64:33 160:99 4:3 3:2 2:1'.split(
        ' ',
      ),
    );
  });

  test('with scaling lists and a picture order of type 1 is read to its end', () => {
    const lists = `1${'1'.repeat(16)}${'0'.repeat(7)}`; // one list of sixteen se(0), no others
    const sps = written(
      u8(100) + u8(0) + u8(40),
      { ue: 3 },
      { ue: 1 },
      { ue: 2 },
      { ue: 2 },
      `01${lists}`,
      { ue: 0 },
      { ue: 1 },
      '0',
      { ue: 5 },
      { ue: 6 },
      { ue: 2 },
      { ue: 9 },
      { ue: 10 },
      { ue: 1 },
      '0',
      { ue: 39 },
      { ue: 29 },
      '1100',
    );
    expect(parseSps(sps)).toEqual({
      id: 3,
      codec: 'avc1.640028',
      width: 640,
      height: 480,
      sampleAspect: [1, 1],
      chromaFormat: 1,
      bitDepthLuma: 10,
      bitDepthChroma: 10,
      framesOnly: true,
      separateColourPlanes: false,
      frameNumberBits: 4,
      order: {
        type: 1,
        deltaAlwaysZero: false,
        offsetForNonReference: 3,
        offsetForTopToBottom: -3,
        offsetsForReferences: [5, -5],
      },
      reorderPictures: undefined,
      pictureSeconds: undefined,
    });
  });

  test.each([
    ['a picture too wide', high(1, 2000, 10)],
    ['a picture cropped to nothing', high(1, 1, 1, { crop: [4, 4, 0, 0] })],
    ['an unknown chroma format', high(4, 20, 10)],
    ['a number of its own above 31', written(u8(66) + u8(0) + u8(30), { ue: 32 }, '0'.repeat(80))],
  ])('of %s is refused', (_, sps) => {
    expect(() => parseSps(sps)).toThrow(InvalidParameterSet);
  });

  test('cut off anywhere before its picture size is refused', () => {
    const sps = high(1, 120, 68, { crop: [0, 0, 0, 4] });
    for (let end = 0; end < sps.length - 1; end++) {
      expect(() => parseSps(sps.subarray(0, end)), `${end} bytes`).toThrow(BitsExhausted);
    }
  });
});

describe('a picture parameter set', () => {
  test('tells its number', () => {
    expect(parsePps(hex('68cb8cb2'))).toEqual({ id: 0, sequenceId: 0, fieldOrderPresent: false });
    expect(parsePps(hex('6850'))).toMatchObject({ id: 1 });
    expect(() => parsePps(hex('68'))).toThrow(BitsExhausted);
    expect(() => parsePps(hex('68008080'))).toThrow(InvalidParameterSet);
  });
});

describe('Exp-Golomb codes', () => {
  test('of ITU-T H.264 tables 9-2 and 9-3', () => {
    const codes = hex('a6429c'); // 1 010 011 00100 00101 0011100
    const unsigned = new BitReader(codes);
    expect([0, 0, 0, 0].map(() => unsigned.unsigned())).toEqual([0, 1, 2, 3]);
    const signed = new BitReader(codes);
    expect([0, 0, 0, 0].map(() => signed.signed())).toEqual([-0, 1, -1, 2]);
  });

  test('of more than 32 bits are refused', () => {
    expect(() => new BitReader(Buffer.alloc(100)).unsigned()).toThrow(BitsExhausted);
    expect(new BitReader(hex('00000001ffffffff')).unsigned()).toBe(2 ** 32 - 2);
  });
});
