import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { attribute, mediaText, tags, WindowRig, type RigOptions } from './rig.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Three whole segments of four parts and an open one of two. */
function playing(options: RigOptions = {}): WindowRig & { open: number } {
  const rig = new WindowRig(options);
  rig.segments(3);
  rig.part({ starts: true });
  rig.part();
  return Object.assign(rig, { open: rig.window.openMediaSequence });
}

function kinds(answers: readonly { kind: string }[]): string[] {
  return answers.map(({ kind }) => kind);
}

function hintOf(rig: WindowRig): string | undefined {
  return attribute(tags(rig.playlist(), 'EXT-X-PRELOAD-HINT')[0], 'URI')?.replaceAll('"', '');
}

describe('blocking playlist reload, RFC 8216bis §6.2.5.2', () => {
  test('what is there is answered at once', () => {
    const rig = playing();
    for (const query of [
      {},
      { _HLS_msn: String(rig.open - 1) },
      { _HLS_msn: String(rig.open), _HLS_part: '0' },
      { _HLS_msn: String(rig.open), _HLS_part: '1' },
      { _HLS_msn: String(rig.open - 1), _HLS_part: '3' },
      { _HLS_msn: '0' },
      { _HLS_msn: '0', _HLS_part: '77' },
      { _HLS_msn: String(rig.open - 500), _HLS_part: '0' },
    ]) {
      const { answers } = rig.ask('media.m3u8', query);
      expect(kinds(answers), JSON.stringify(query)).toEqual(['playlist']);
    }
    expect(rig.window.waiting).toBe(0);
  });

  test('a part that is not there yet is waited for, and is in the answer', () => {
    const rig = playing();
    const { answers } = rig.ask('media.m3u8', { _HLS_msn: String(rig.open), _HLS_part: '2' });
    expect(answers).toEqual([]);
    rig.part();
    expect(kinds(answers)).toEqual(['playlist']);
    const [answer] = answers;
    const body = answer?.kind === 'playlist' ? answer.body : '';
    expect(body).toContain(`URI="run1/${rig.open}.2.m4s"`);
    rig.part();
    expect(answers).toHaveLength(1);
  });

  test('without a part, the whole segment is waited for', () => {
    const rig = playing();
    const { answers } = rig.ask('media.m3u8', { _HLS_msn: String(rig.open) });
    rig.part();
    expect(answers).toEqual([]);
    rig.part({ ends: true });
    expect(kinds(answers)).toEqual(['playlist']);
  });

  test('a part beyond the last of a segment stands for the first of the next', () => {
    const rig = playing();
    const asked = rig.ask('media.m3u8', { _HLS_msn: String(rig.open), _HLS_part: '4' });
    rig.part();
    rig.part({ ends: true });
    expect(asked.answers).toEqual([]);
    rig.part({ starts: true });
    expect(kinds(asked.answers)).toEqual(['playlist']);

    const past = rig.ask('media.m3u8', { _HLS_msn: String(rig.open), _HLS_part: '4' });
    expect(kinds(past.answers)).toEqual(['playlist']);
  });

  test('asked after a long segment closed, its next part is the next segment’s first, not too far', () => {
    const rig = new WindowRig({ targetDurationSeconds: 6 });
    rig.segments(2, 10);
    const last = rig.window.openMediaSequence - 1;
    const { answers } = rig.ask('media.m3u8', { _HLS_msn: String(last), _HLS_part: '10' });
    expect(answers).toEqual([]);
    rig.part({ starts: true });
    expect(kinds(answers)).toEqual(['playlist']);
  });

  test('a media sequence more than two ahead of the last segment is 400, two ahead is waited for', () => {
    const rig = playing();
    const last = rig.open - 1;
    expect(kinds(rig.ask('media.m3u8', { _HLS_msn: String(last + 3) }).answers)).toEqual([
      'bad-request',
    ]);
    expect(rig.ask('media.m3u8', { _HLS_msn: String(last + 2) }).answers).toEqual([]);
    expect(
      kinds(rig.ask('media.m3u8', { _HLS_msn: '999999999999999', _HLS_part: '0' }).answers),
    ).toEqual(['bad-request']);
  });

  test('a part further ahead than three seconds of parts is 400', () => {
    // PART-TARGET 0.5 s: the limit is 6 beyond the last part, which is part 1.
    const rig = playing();
    const ask = (part: number) =>
      kinds(rig.ask('media.m3u8', { _HLS_msn: String(rig.open), _HLS_part: String(part) }).answers);
    expect(ask(1 + 6)).toEqual([]);
    expect(ask(1 + 7)).toEqual(['bad-request']);
  });

  test.each([
    { _HLS_part: '0' },
    { _HLS_msn: 'x' },
    { _HLS_msn: '-1' },
    { _HLS_msn: '1.5' },
    { _HLS_msn: '' },
    { _HLS_msn: '1', _HLS_part: 'NaN' },
    { _HLS_msn: '1'.repeat(400) },
  ])('%o is 400', (query) => {
    expect(kinds(playing().ask('media.m3u8', query).answers)).toEqual(['bad-request']);
  });

  test('waiting ends after three target durations', () => {
    const rig = playing();
    const { answers } = rig.ask('media.m3u8', { _HLS_msn: String(rig.open), _HLS_part: '2' });
    vi.advanceTimersByTime(11_999);
    expect(answers).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(kinds(answers)).toEqual(['unavailable']);
    expect(rig.window.waiting).toBe(0);
    rig.part();
    expect(answers).toHaveLength(1);
  });

  test('a client that went away waits no more', () => {
    const rig = playing();
    const { answers, leave } = rig.ask('media.m3u8', {
      _HLS_msn: String(rig.open),
      _HLS_part: '2',
    });
    expect(rig.window.waiting).toBe(1);
    leave();
    leave();
    expect(rig.window.waiting).toBe(0);
    rig.part();
    expect(answers).toEqual([]);
  });

  test('waits that came true share one timer, which answers nobody twice and goes', () => {
    const rig = playing();
    const query = { _HLS_msn: String(rig.open), _HLS_part: '2' };
    const asked = [rig.ask('media.m3u8', query), rig.ask('media.m3u8', query)];
    rig.part();
    expect(vi.getTimerCount()).toBe(1);
    vi.runAllTimers();
    expect(vi.getTimerCount()).toBe(0);
    expect(asked.map(({ answers }) => answers.length)).toEqual([1, 1]);
  });

  test('those who wait over a restart of the camera are answered by the next run', () => {
    const rig = playing();
    const next = rig.ask('media.m3u8', { _HLS_msn: String(rig.open), _HLS_part: '2' });
    rig.window.endRun();
    expect(next.answers).toEqual([]);
    rig.newInit('run2', 0);
    rig.part({ starts: true });
    expect(kinds(next.answers)).toEqual(['playlist']);
  });

  test('the form for walls never waits', () => {
    const rig = playing();
    const { answers } = rig.ask('media.m3u8', {
      latency: 'normal',
      _HLS_msn: String(rig.open + 1),
    });
    expect(kinds(answers)).toEqual(['playlist']);
  });

  test('below 4 pictures a second whole segments are waited for', () => {
    const rig = playing({ partTargetMs: 0 });
    const { answers } = rig.ask('media.m3u8', { _HLS_msn: String(rig.open) });
    expect(answers).toEqual([]);
    rig.part({ ends: true });
    expect(kinds(answers)).toEqual(['playlist']);
  });
});

describe('preload hints, RFC 8216bis §4.4.5.3', () => {
  test('the hint names the part that comes next, and a request for it waits for its bytes', () => {
    const rig = playing();
    for (let i = 0; i < 12; i++) {
      const ordinal = rig.window.totals.parts;
      const { answers } = rig.ask(hintOf(rig) ?? 'none');
      expect(answers).toEqual([]);
      const inSegment = rig.window.openSegment?.parts.length ?? 0;
      rig.part({ starts: inSegment === 0, ends: inSegment === 3 });
      expect(kinds(answers)).toEqual(['media']);
      expect(mediaText(answers[0]).startsWith(`${ordinal}:`)).toBe(true);
      for (const answer of answers) if (answer.kind === 'media') answer.release();
    }
  });

  test('no other part that is not there is waited for', () => {
    const rig = playing();
    for (const path of [
      `run1/${rig.open}.3.m4s`,
      `run1/${rig.open + 1}.0.m4s`,
      `run1/${rig.open}.m4s`,
      `run2/${rig.open}.2.m4s`,
    ]) {
      expect(kinds(rig.ask(path).answers), path).toEqual(['not-found']);
    }
    expect(rig.window.waiting).toBe(0);
  });

  test('nothing is hinted at once the run has ended', () => {
    const rig = playing();
    rig.window.endRun();
    expect(hintOf(rig)).toBeUndefined();
  });

  test('who waits for a part when the run ends is told at once, who waits for a playlist goes on waiting', () => {
    const rig = playing();
    const part = rig.ask(`run1/${rig.open}.2.m4s`);
    const playlist = rig.ask('media.m3u8', { _HLS_msn: String(rig.open + 1) });
    rig.window.endRun();
    expect(kinds(part.answers)).toEqual(['not-found']);
    expect(playlist.answers).toEqual([]);
  });

  test('who waits for a part that never comes, its segment having ended, is told so', () => {
    const rig = playing();
    const { answers } = rig.ask(`run1/${rig.open}.2.m4s`);
    rig.window.endSegment();
    rig.part({ starts: true, discontinuity: true });
    expect(kinds(answers)).toEqual(['not-found']);
  });

  test('a hinted part that turned out longer than PART-TARGET comes all the same', () => {
    const rig = playing();
    const { answers } = rig.ask(`run1/${rig.open}.2.m4s`);
    rig.part({ ms: 900 });
    rig.part({ ends: true });
    expect(kinds(answers)).toEqual(['media']);
    expect(mediaText(answers[0]).startsWith('14:')).toBe(true);
  });
});

describe('media', () => {
  test('a segment is its parts one after another', () => {
    const rig = playing();
    const { answers } = rig.ask(`run1/${rig.open - 1}.m4s`);
    expect(answers[0]).toMatchObject({ kind: 'media', byteLength: 4000 });
    expect(
      mediaText(answers[0])
        .match(/\d+:/g)
        ?.map((o) => Number.parseInt(o.replace(/^0+(?=\d)/, ''))),
    ).toEqual([8, 9, 10, 11]);
  });

  test('every init and part that the playlist names can be had, under its run only', () => {
    const rig = new WindowRig({ keepMs: 60_000 });
    rig.segments(3);
    rig.newInit('run1', 1);
    rig.segments(2);
    rig.window.endRun();
    rig.newInit('run2', 0);
    rig.segments(2);
    const text = rig.playlist();
    const named = [
      ...[...text.matchAll(/#EXT-X-(?:MAP|PART):.*URI="([^"]+)"/g)].map((m) => m[1] as string),
      ...text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    ];
    expect(named).toHaveLength(18);
    for (const path of named) {
      const { answers } = rig.ask(path);
      expect(['init', 'media'], path).toContain(answers[0]?.kind);
      if (answers[0]?.kind === 'media') answers[0].release();
      const elsewhere = path.replace(/^run\d/, 'run9');
      expect(kinds(rig.ask(elsewhere).answers)).toEqual(['not-found']);
    }
    expect(rig.leases).toBe(rig.window.segments.length * 4);
  });

  test.each([
    '',
    'x',
    '../x',
    'run1/0.m4s/',
    'run1/init-0.mp4x',
    'run1/1.2.3.m4s',
    'RUN/1.m4s',
    `${'r'.repeat(17)}/1.m4s`,
  ])('“%s” is not found', (path) => {
    expect(kinds(playing().ask(path).answers)).toEqual(['not-found']);
  });
});

describe('a camera without a picture', () => {
  test('has no playlist', () => {
    const rig = new WindowRig();
    for (const path of ['index.m3u8', 'media.m3u8']) {
      expect(kinds(rig.ask(path).answers)).toEqual(['no-picture-yet']);
      expect(kinds(rig.ask(path, { _HLS_msn: '5', _HLS_part: '0' }).answers)).toEqual([
        'no-picture-yet',
      ]);
    }
  });

  test('has one for low latency from its first part on, for a wall from its first segment on', () => {
    const rig = new WindowRig();
    rig.part({ starts: true });
    expect(kinds(rig.ask('index.m3u8').answers)).toEqual(['playlist']);
    expect(kinds(rig.ask('index.m3u8', { latency: 'normal' }).answers)).toEqual(['no-picture-yet']);
    rig.part({ ends: true });
    expect(kinds(rig.ask('index.m3u8', { latency: 'normal' }).answers)).toEqual(['playlist']);
  });

  test('the variant for walls is named with its query', () => {
    const rig = playing();
    expect(rig.playlist({ latency: 'normal' }, 'index.m3u8')).toContain(
      '\nmedia.m3u8?latency=normal\n',
    );
    expect(rig.playlist({}, 'index.m3u8')).toContain('\nmedia.m3u8\n');
  });
});

test('a playlist is made once for all who ask between two parts, and anew after', () => {
  const rig = playing();
  const body = () => {
    const [answer] = rig.ask('media.m3u8').answers;
    return answer?.kind === 'playlist' ? answer.body : undefined;
  };
  expect(body()).toBe(body());
  const before = body();
  rig.part();
  expect(body()).not.toEqual(before);
});
