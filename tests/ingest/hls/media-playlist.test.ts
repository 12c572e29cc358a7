import { parse, setOptions, type types } from 'hls-parser';
import { Parser, type Manifest } from 'm3u8-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { mediaPlaylist } from '#ingest/hls/media-playlist.ts';
import { multivariantPlaylist } from '#ingest/hls/multivariant-playlist.ts';
import { RUN_START_MS } from '../cut.ts';
import { attribute, tags, WindowRig, type RigOptions } from './rig.ts';

beforeAll(() => setOptions({ strictMode: true }));

function strictly(text: string): types.MediaPlaylist {
  const parsed = parse(text);
  if (parsed.isMasterPlaylist) throw new Error('not a media playlist');
  return parsed;
}

function independently(text: string): Manifest {
  const parser = new Parser();
  const warnings: string[] = [];
  parser.on('warn', ({ message }) => warnings.push(message));
  parser.push(text);
  parser.end();
  expect(warnings).toEqual([]);
  return parser.manifest;
}

const windows: Record<string, { options?: RigOptions; fill: (rig: WindowRig) => void }> = {
  'whole segments': { fill: (rig) => rig.segments(10) },
  'an open segment': {
    fill: (rig) => {
      rig.segments(10);
      rig.part({ starts: true });
      rig.part();
    },
  },
  'a first open segment only': { fill: (rig) => rig.part({ starts: true }) },
  'discontinuities and several inits': {
    options: { keepMs: 60_000 },
    fill: (rig) => {
      rig.segments(3);
      rig.segments(2, 4, { discontinuity: true });
      rig.newInit('run1', 1);
      rig.segments(2);
      rig.window.endRun();
      rig.newInit('run2', 0);
      rig.segments(3);
    },
  },
  'a long window': { options: { keepMs: 60_000 }, fill: (rig) => rig.segments(40) },
  'fewer than 4 pictures a second': {
    options: { partTargetMs: 0 },
    fill: (rig) => {
      rig.segments(10);
      rig.part({ starts: true });
    },
  },
  'groups longer than the target duration': {
    fill: (rig) => {
      for (let i = 0; i < 32; i++) {
        rig.part({ starts: i % 8 === 0, ends: i % 8 === 7, independent: i % 16 === 0 });
      }
    },
  },
};

describe.each(Object.keys(windows))('two parsers accept a playlist of %s', (name) => {
  const { options, fill } = windows[name] as (typeof windows)[string];
  const made = (): WindowRig => {
    const rig = new WindowRig(options);
    fill(rig);
    return rig;
  };

  test.each(['low-latency', 'low-latency-delta', 'normal'] as const)('%s', (form) => {
    const { window } = made();
    if (form === 'normal' && window.segments[0]?.closed === false) return;
    const text = mediaPlaylist(window, form);
    const strict = strictly(text);
    const other = independently(text);
    expect(strict.mediaSequenceBase).toBe(window.segments[0]?.mediaSequence);
    expect(other.mediaSequence).toBe(window.segments[0]?.mediaSequence);
    expect(other.discontinuitySequence).toBe(window.discontinuitySequence);
    const closed = window.segments.filter((s) => s.closed);
    const skipped = Number(attribute(tags(text, 'EXT-X-SKIP')[0], 'SKIPPED-SEGMENTS') ?? 0);
    const listed = other.segments.filter((s) => s.uri !== undefined);
    expect(listed.map((s) => s.uri)).toEqual(
      closed.slice(skipped).map((s) => `${s.init.runId}/${s.mediaSequence}.m4s`),
    );
    expect(listed.map((s) => s.discontinuity ?? false)).toEqual(
      closed.slice(skipped).map((s) => s.discontinuity),
    );
    listed.forEach((s, i) => {
      expect(s.duration).toBeCloseTo((closed[skipped + i]?.durationTicks ?? 0) / 90_000, 4);
    });
  });
});

test('both parsers accept the multivariant playlist, and read in it what the stream is', () => {
  const rig = new WindowRig();
  rig.segments(5);
  const text = multivariantPlaylist(rig.window, '?latency=normal');
  const [variant] = independently(text).playlists ?? [];
  expect(variant).toMatchObject({
    uri: 'media.m3u8?latency=normal',
    attributes: { CODECS: 'avc1.64001F', RESOLUTION: { width: 640, height: 480 } },
  });
  const strict = parse(text);
  expect(strict.isMasterPlaylist).toBe(true);
  const [stream] = tags(text, 'EXT-X-STREAM-INF');
  expect(Number(attribute(stream, 'FRAME-RATE'))).toBeGreaterThan(0);
  // 4,000 bytes in 2 s.
  expect(attribute(stream, 'AVERAGE-BANDWIDTH')).toBe('16000');
  expect(Number(attribute(stream, 'BANDWIDTH'))).toBeGreaterThanOrEqual(16_000);
});

describe('RFC 8216bis', () => {
  test('§4.4.3.1: EXTINF, rounded, is never more than TARGETDURATION', () => {
    const rig = new WindowRig();
    for (let i = 0; i < 80; i++) rig.part({ starts: i % 8 === 0, ends: i % 8 === 7, ms: 499 });
    const text = rig.playlist();
    const target = Number(tags(text, 'EXT-X-TARGETDURATION')[0]);
    const lengths = tags(text, 'EXTINF').map((value) => Number.parseFloat(value));
    expect(lengths.length).toBeGreaterThan(2);
    for (const length of lengths) expect(Math.round(length)).toBeLessThanOrEqual(target);
  });

  test('§4.4.3.8: PART-HOLD-BACK is three part targets, and blocking reload is offered', () => {
    const rig = new WindowRig({ partTargetMs: 543 });
    rig.segments(5);
    const text = rig.playlist();
    const [control] = tags(text, 'EXT-X-SERVER-CONTROL');
    const target = Number(attribute(tags(text, 'EXT-X-PART-INF')[0], 'PART-TARGET'));
    expect(target).toBeCloseTo(0.543, 5);
    expect(Number(attribute(control, 'PART-HOLD-BACK'))).toBeGreaterThanOrEqual(3 * target);
    expect(attribute(control, 'CAN-BLOCK-RELOAD')).toBe('YES');
  });

  test('§4.4.4.9: no listed part seems longer than PART-TARGET', () => {
    // 48,913 ticks are 0.54347777… s: rounding must not lift a part over its target.
    const rig = new WindowRig({ partTargetMs: 543.4777 });
    for (let i = 0; i < 12; i++) rig.part({ starts: i % 6 === 0, ends: i % 6 === 5, ms: 543.4777 });
    const text = rig.playlist();
    const target = Number(attribute(tags(text, 'EXT-X-PART-INF')[0], 'PART-TARGET'));
    const parts = tags(text, 'EXT-X-PART');
    expect(parts).toHaveLength(12);
    for (const part of parts) {
      expect(Number(attribute(part, 'DURATION'))).toBeLessThanOrEqual(target);
    }
  });

  test('a part longer than PART-TARGET is not listed, nor are those after it; its segment is', () => {
    const rig = new WindowRig();
    rig.part({ starts: true });
    rig.part({ ms: 1_200 });
    rig.part();
    let text = rig.playlist();
    expect(tags(text, 'EXT-X-PART')).toHaveLength(1);
    expect(tags(text, 'EXT-X-PRELOAD-HINT')).toEqual([]);
    rig.part({ ends: true });
    text = rig.playlist();
    expect(tags(text, 'EXT-X-PART')).toHaveLength(1);
    expect(tags(text, 'EXTINF')).toEqual(['2.70000,']);
  });

  test('§4.4.3.8, §6.2.5.1: CAN-SKIP-UNTIL is six target durations, offered only where the window is longer', () => {
    const long = new WindowRig({ keepMs: 60_000 });
    long.segments(40);
    const control = tags(long.playlist(), 'EXT-X-SERVER-CONTROL')[0];
    expect(Number(attribute(control, 'CAN-SKIP-UNTIL'))).toBeGreaterThanOrEqual(6 * 4);
    const short = new WindowRig({ keepMs: 14_000 });
    short.segments(20);
    expect(short.playlist()).not.toContain('CAN-SKIP-UNTIL');
    expect(short.playlist({ _HLS_skip: 'YES' })).not.toContain('EXT-X-SKIP');
  });

  test.each([{ _HLS_skip: 'YES' }, { _HLS_skip: 'v2' }])(
    '§6.2.5.1: a delta update (%o) leaves out exactly what is older than the skip boundary',
    (query) => {
      const rig = new WindowRig({ keepMs: 60_000 });
      rig.segments(15);
      rig.segments(20, 4, { discontinuity: true });
      rig.part({ starts: true });
      const whole = rig.playlist();
      const delta = rig.playlist(query);
      const skipped = Number(attribute(tags(delta, 'EXT-X-SKIP')[0], 'SKIPPED-SEGMENTS'));
      const segments = tags(whole, 'EXTINF').length;
      expect(skipped).toBeGreaterThan(0);
      expect(tags(delta, 'EXTINF')).toHaveLength(segments - skipped);
      expect(tags(delta, 'EXT-X-MEDIA-SEQUENCE')).toEqual(tags(whole, 'EXT-X-MEDIA-SEQUENCE'));
      // The client puts back what it has: the rest is the same, line for line.
      const restOf = (text: string): string =>
        text.slice(
          text.indexOf(`#EXT-X-PROGRAM-DATE-TIME:${tags(delta, 'EXT-X-PROGRAM-DATE-TIME')[0]}`),
        );
      expect(restOf(delta)).toBe(restOf(whole));
      // Each skipped segment ends further from the end than the boundary, the next does not.
      const end = rig.window.segments.reduce((sum, s) => sum + s.durationTicks, 0);
      let at = 0;
      const fromEnd = rig.window.segments.map((s) => (end - (at += s.durationTicks)) / 90_000);
      expect(fromEnd[skipped - 1]).toBeGreaterThanOrEqual(24);
      expect(fromEnd[skipped]).toBeLessThan(24);
    },
  );

  test('a delta update names the init again where it changes behind the skipped segments', () => {
    const rig = new WindowRig({ keepMs: 60_000 });
    rig.segments(28);
    rig.newInit('run1', 1);
    rig.segments(5);
    expect(tags(rig.playlist(), 'EXT-X-MAP')).toEqual([
      'URI="run1/init-0.mp4"',
      'URI="run1/init-1.mp4"',
    ]);
    expect(tags(rig.playlist({ _HLS_skip: 'YES' }), 'EXT-X-MAP')).toEqual([
      'URI="run1/init-1.mp4"',
    ]);
  });

  test('§6.2.2: parts are listed of the last three segments only, and within three target durations', () => {
    const rig = new WindowRig({ keepMs: 60_000 });
    rig.segments(30);
    rig.part({ starts: true });
    const text = rig.playlist();
    const open = rig.window.openMediaSequence;
    const listed = tags(text, 'EXT-X-PART').map((part) => attribute(part, 'URI')?.slice(1, -1));
    expect(listed).toEqual([
      ...[open - 2, open - 1].flatMap((s) => [0, 1, 2, 3].map((p) => `run1/${s}.${p}.m4s`)),
      `run1/${open}.0.m4s`,
    ]);
    const control = tags(text, 'EXT-X-SERVER-CONTROL')[0];
    expect(listed.length * 0.5).toBeGreaterThan(Number(attribute(control, 'PART-HOLD-BACK')));

    const long = new WindowRig({ keepMs: 60_000, targetDurationSeconds: 4 });
    for (let i = 0; i < 5; i++) long.segments(1, 20);
    expect(tags(long.playlist(), 'EXT-X-PART').length * 0.5).toBeLessThanOrEqual(12);
  });

  test('PROGRAM-DATE-TIME stands at every segment and agrees with the durations', () => {
    const rig = new WindowRig({ keepMs: 60_000 });
    for (let i = 0; i < 60; i++) rig.part({ starts: i % 4 === 0, ends: i % 4 === 3, ms: 480 });
    rig.part({ starts: true });
    for (const query of [{}, { latency: 'normal' }]) {
      const text = rig.playlist(query);
      const dates = tags(text, 'EXT-X-PROGRAM-DATE-TIME').map((value) => Date.parse(value));
      const lengths = tags(text, 'EXTINF').map((value) => Number.parseFloat(value) * 1000);
      expect(dates.length).toBe(lengths.length + (query.latency === undefined ? 1 : 0));
      expect(dates[0]).toBe(RUN_START_MS);
      for (let i = 1; i < dates.length; i++) {
        const step = (dates[i] ?? 0) - (dates[i - 1] ?? 0);
        expect(Math.abs(step - (lengths[i - 1] ?? 0))).toBeLessThanOrEqual(1);
      }
    }
  });

  test('EXT-X-MAP stands at the first segment, where the init changes, and after a discontinuity', () => {
    const rig = new WindowRig({ keepMs: 60_000 });
    rig.segments(2);
    rig.newInit('run1', 1);
    rig.segments(2);
    rig.window.endRun();
    rig.newInit('run2', 0);
    rig.segments(2);
    const lines = rig.playlist().split('\n');
    const found = lines.flatMap((line, i) =>
      line.startsWith('#EXT-X-MAP') ? [`${lines[i - 1] ?? ''} ${line}`.slice(0, 90)] : [],
    );
    expect(found.map((f) => f.replace(/^#EXT-X-INDEPENDENT-SEGMENTS /, ''))).toEqual([
      '#EXT-X-MAP:URI="run1/init-0.mp4"',
      '#EXT-X-DISCONTINUITY #EXT-X-MAP:URI="run1/init-1.mp4"',
      '#EXT-X-DISCONTINUITY #EXT-X-MAP:URI="run2/init-0.mp4"',
    ]);
  });

  test('INDEPENDENT-SEGMENTS is said only when every segment begins with a random access point', () => {
    const rig = new WindowRig({ keepMs: 20_000 });
    rig.segments(3);
    expect(rig.playlist()).toContain('#EXT-X-INDEPENDENT-SEGMENTS\n');
    rig.part({ starts: true, independent: false, ends: true });
    expect(rig.playlist()).not.toContain('#EXT-X-INDEPENDENT-SEGMENTS');
  });

  test('PART-TARGET and TARGETDURATION stay over runs', () => {
    const rig = new WindowRig();
    rig.segments(3);
    const before = rig.playlist();
    rig.window.endRun();
    rig.newInit('run2', 0);
    rig.segments(3);
    const after = rig.playlist();
    for (const name of ['EXT-X-PART-INF', 'EXT-X-TARGETDURATION', 'EXT-X-SERVER-CONTROL']) {
      expect(tags(after, name)).toEqual(tags(before, name));
    }
  });

  test('the form for walls has neither parts nor hints nor blocking, and only whole segments', () => {
    const rig = new WindowRig();
    rig.segments(3);
    rig.part({ starts: true });
    const text = rig.playlist({ latency: 'normal' });
    expect(text).not.toMatch(/PART|PRELOAD|CAN-BLOCK-RELOAD/);
    expect(tags(text, 'EXTINF')).toHaveLength(3);
  });

  test('below 4 pictures a second there are no parts, but whole segments can be waited for', () => {
    const rig = new WindowRig({ partTargetMs: 0 });
    rig.segments(3);
    const text = rig.playlist();
    expect(text).not.toMatch(/PART|PRELOAD/);
    expect(tags(text, 'EXT-X-SERVER-CONTROL')[0]).toContain('CAN-BLOCK-RELOAD=YES');
  });
});
