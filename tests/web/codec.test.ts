/** The codec strings that the gateway sends (RFC 6381), as the wall understands them. */
import { describe, expect, test } from 'vitest';
import { askedOnce, codecName, isPlayable } from '#gateway/web/codec.ts';
import { unplayableWords } from '#gateway/web/state-words.ts';

/** As ingest sends them: tests/end-to-end/sound.test.ts, gstreamer-h265.test.ts; tests/ingest/h265. */
const SENT = [
  ['avc1.64001F', 'H.264'],
  ['avc1.64001F,mp4a.40.2', 'H.264'],
  ['hvc1.1.6.L60.90', 'H.265 (HEVC)'],
  ['hvc1.1.6.L120.90,mp4a.40.2', 'H.265 (HEVC)'],
] as const;

describe.each(SENT)('%s', (codec, name) => {
  test('is called by the name of its pictures', () => {
    expect(codecName(codec)).toBe(name);
    expect(unplayableWords(codec, 'th')).toBe(`เบราว์เซอร์นี้เล่นภาพแบบ ${name} ไม่ได้`);
  });

  test('is asked about once, as a whole list and with nothing else', () => {
    for (const answer of [true, false]) {
      const asked: string[] = [];
      const supports = askedOnce((type) => {
        asked.push(type);
        return answer;
      });
      expect([isPlayable(codec, supports), isPlayable(codec, supports)]).toEqual([answer, answer]);
      expect(asked).toEqual([`video/mp4; codecs="${codec}"`]);
    }
  });
});

test('a browser without H.265 is not given it, with sound or without', () => {
  const playable = ['hvc1.2.4.L93.B0', 'hvc1.2.4.L93.B0,mp4a.40.2', 'avc1.4D401E,mp4a.40.2'].filter(
    (codec) => isPlayable(codec, (type) => !type.includes('hvc1')),
  );
  expect(playable).toEqual(['avc1.4D401E,mp4a.40.2']);
});
