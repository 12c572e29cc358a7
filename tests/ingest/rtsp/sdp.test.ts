import { describe, expect, test } from 'vitest';
import { parsePps, parseSps } from '#ingest/h264/sps.ts';
import {
  hasDecodingOrderNumbers,
  MalformedDescription,
  parameterSets,
  parseSdp,
  resolveControl,
  type MediaDescription,
} from '#ingest/rtsp/sdp.ts';
import { capture, captures } from '../captures.ts';

const BASE = 'rtsp://camera/stream';

/** The body of a captured reply, or the whole of a bare description. */
function body(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return text.startsWith('RTSP/') ? text.slice(text.indexOf('\r\n\r\n') + 4) : text;
}

function video(text: string): MediaDescription {
  const found = parseSdp(text, BASE).media.find((media) => media.kind === 'video');
  if (found === undefined) throw new Error('no video');
  return found;
}

function facts({ kind, payloadType, control }: MediaDescription) {
  return [kind, payloadType, control];
}

function isPlayed({ kind }: MediaDescription): boolean {
  return kind === 'video' || kind === 'audio';
}

/** The parameter sets of such a format parameter. */
function sets(value: string): string[] {
  return parameterSets(
    video(`m=video 0 RTP/AVP 96\na=fmtp:96 SPROP-parameter-sets=${value};x=y`),
  ).map((set) => set.toString('hex'));
}

describe('the description of', () => {
  // Width and height as ffprobe reads the same parameter sets, or as the camera's own x-dimensions say.
  const cameras = [
    ['retina/bunny_describe.txt', 97, `${BASE}/trackID=2`, 240, 160, 'avc1.42C01E'],
    ['retina/foscam_describe.txt', 96, `${BASE}/track1`, 1280, 720, 'avc1.4D001F'],
    ['retina/anpviz_sdp.txt', 96, `${BASE}/trackID=1`, 704, 576, 'avc1.4D401F'],
    ['retina/reolink_describe.txt', 96, `${BASE}/trackID=1`, 2560, 1440, 'avc1.640033'],
    ['retina/gw_sub_describe.txt', 96, `${BASE}/video`, 720, 480, 'avc1.4D001E'],
    ['retina/gw_main_describe.txt', 96, `${BASE}/video`, 1920, 1080, 'avc1.4D002A'],
    ['retina/ubiquiti_sdp.txt', 97, `${BASE}/trackID=2`, 1920, 1080, 'avc1.4D402A'],
    ['retina/dahua_describe_h264_aac_onvif.txt', 96, `${BASE}/trackID=0`, 704, 480, 'avc1.64001E'],
    [
      'retina/geovision_sdp.txt',
      105,
      'rtsp://192.168.5.237/media/video1/video',
      2688,
      1520,
      'avc1.4D4032',
    ],
    [
      'retina/hikvision_describe.txt',
      96,
      'rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1',
      1920,
      1080,
      'avc1.4D0029',
    ],
    // Values of format parameters in quotes, one about each parameter set.
    ['sharprtsp/test4.sdp', 96, `${BASE}/track1`, 1920, 1080, 'avc1.64002A'],
  ] as const;
  test.for(cameras)('%s', ([path, payloadType, control, width, height, codec], context) => {
    const media = video(body(capture(context, `rtsp/${path}`)));
    expect(media).toMatchObject({ payloadType, encoding: 'H264', clockRate: 90_000, control });
    const [sps, pps] = parameterSets(media);
    expect(parseSps(sps as Buffer)).toMatchObject({ width, height, codec });
    expect(parsePps(pps as Buffer).id).toBe(0);
    // Neither a start code nor zeros are left on: captures gw_main, gw_sub, dahua.
    expect(sps?.at(-1)).not.toBe(0);
    expect(pps?.subarray(-3).toString('hex')).not.toMatch(/000001$|00$/);
  });

  test('a camera of H.265 names it', (context) => {
    const media = video(body(capture(context, 'rtsp/retina/dahua_describe_h265_pcma.txt')));
    expect(media).toMatchObject({ encoding: 'H265', payloadType: 98 });
    // nal_unit_type 32, 33, 34: ITU-T H.265 table 7-1.
    expect(parameterSets(media).map((set) => (set[0] as number) >> 1)).toEqual([32, 33, 34]);
    expect(hasDecodingOrderNumbers(media)).toBe(false);
  });

  test('every file of the captures is understood, or refused as malformed', (context) => {
    let refused = 0;
    const files = captures(context, 'rtsp');
    for (const { path, bytes } of files) {
      try {
        const { media } = parseSdp(body(bytes), BASE);
        for (const track of media) {
          expect(track.control, path).toMatch(/^rtsp:/);
          for (const set of parameterSets(track)) expect(set.length, path).toBeGreaterThan(1);
        }
      } catch (error) {
        expect(error, path).toBeInstanceOf(MalformedDescription);
        expect(body(bytes), path).not.toMatch(/^m=/m);
        refused++;
      }
    }
    expect(files.length - refused).toBeGreaterThan(75);
  });

  test.for([
    'd_00_one_format_for_each_media_absolute',
    'd_02_one_format_for_each_media_relative',
    'd_06_multiple_formats_for_each_media_2',
    'g_04_unordered_global_attributes',
    'g_11_issue_mediamtx_75_LiveReporter_App',
    'g_18_issue_mediamtx_121_empty_unicast_address',
  ])('%s has the tracks that another implementation found', (name, context) => {
    const folder = captures(context, 'rtsp/gortsplib-sdp');
    const [number] = /\d\d/.exec(name) as RegExpExecArray;
    const normalName = `${name[0]}_${String(Number(number) + 1).padStart(2, '0')}${name.slice(4)}`;
    const read = (file: string): string =>
      body(folder.find(({ path }) => path.endsWith(file))?.bytes ?? Buffer.alloc(0));
    const found = parseSdp(read(`${name}.in.sdp`), BASE).media;
    const normal = parseSdp(read(`${normalName}.normal.sdp`), BASE).media;
    // Their form leaves the session's own control out, so tracks without one are not compared.
    expect(found.filter(isPlayed).map(facts)).toEqual(normal.filter(isPlayed).map(facts));
    expect(found.flatMap(parameterSets)).toEqual(normal.flatMap(parameterSets));
  });
});

describe('a description', () => {
  test('of only a media line is one track at the base', () => {
    const { control, media } = parseSdp('m=video 0 RTP/AVP 96', BASE);
    expect(control).toBe(BASE);
    expect(media).toEqual([
      {
        kind: 'video',
        protocol: 'RTP/AVP',
        payloadType: 96,
        encoding: '',
        clockRate: 90_000,
        formatParameters: new Map(),
        control: BASE,
      },
    ]);
  });

  test('may end its lines with a line feed or a carriage return alone', () => {
    for (const end of ['\r\n', '\n', '\r']) {
      const media = video(['v=0', 'm=video 0 RTP/AVP 97', 'a=rtpmap:97 h264/90000'].join(end));
      expect(media.encoding).toBe('H264');
    }
  });

  test('without a media line is refused', () => {
    expect(() => parseSdp('', BASE)).toThrow(MalformedDescription);
    expect(() => parseSdp('v=0\r\na=control:*', BASE)).toThrow(MalformedDescription);
    expect(() => parseSdp('<html>m=video</html>', BASE)).toThrow(MalformedDescription);
  });

  test('takes the attributes of its own payload type, or the first when they name another', () => {
    const two = 'm=video 0 RTP/AVP 96 97\na=fmtp:97 x=second\na=fmtp:96 x=first';
    expect(video(two).formatParameters.get('x')).toBe('first');
    const wrong = 'm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:98 x=y';
    expect(video(wrong).formatParameters.get('x')).toBe('y');
  });

  test('of several formats for one track is taken by the first that can be carried', () => {
    const { payloadType, encoding } = video(
      'm=video 0 RTP/AVP 96 97 100\na=rtpmap:96 VP8/90000\na=rtpmap:97 rtx/90000\na=rtpmap:100 H264/90000',
    );
    expect({ payloadType, encoding }).toEqual({ payloadType: 100, encoding: 'H264' });
  });

  test('names what RFC 3551 §6 has a number for, and whether it is encrypted', () => {
    expect(video('m=video 0 RTP/AVP 26').encoding).toBe('JPEG');
    expect(video('m=video 0 RTP/AVP 40').encoding).toBe('');
    expect(video('m=video 0 RTP/SAVP 96').protocol).toBe('RTP/SAVP');
  });

  test('a strange clock rate stays a number above zero', () => {
    for (const rate of ['0', '9'.repeat(500), 'x']) {
      const { clockRate } = video(`m=video 0 RTP/AVP 96\na=rtpmap:96 H264/${rate}`);
      expect(clockRate).toBeGreaterThan(0);
      expect(Number.isFinite(clockRate)).toBe(true);
    }
  });

  test('is bounded in tracks and lines', () => {
    expect(parseSdp('m=video 0 RTP/AVP 96\n'.repeat(1000), BASE).media).toHaveLength(32);
    const late = `m=video 0 RTP/AVP 96\n${'a=x\n'.repeat(2000)}a=control:late`;
    expect(video(late).control).toBe(BASE);
  });
});

describe('parameter sets', () => {
  test('empty ones and a comma at the end are passed over', () => {
    expect(sets('Z01AH/QFgJP6,aP48gA==,')).toEqual(['674d401ff4058093fa', '68fe3c80']);
    expect(sets(',,')).toEqual([]);
    expect(sets('')).toEqual([]);
  });

  test('a start code and zeros at the end are no part of them', () => {
    expect(sets('aO48gAAAAAE=')).toEqual(['68ee3c80']);
    expect(sets('aO4xshsA')).toEqual(['68ee31b21b']);
    expect(sets('AAAAAAAAAAA=')).toEqual([]);
  });

  test('what is no base64 harms nothing', () => {
    expect(sets('*** ***,aP48gA==')).toEqual(['68fe3c80']);
  });
});

describe('a control', () => {
  test.each([
    [undefined, 'rtsp://c/s', 'rtsp://c/s'],
    ['*', 'rtsp://c/s', 'rtsp://c/s'],
    ['', 'rtsp://c/s/', 'rtsp://c/s/'],
    ['track1', 'rtsp://c/s', 'rtsp://c/s/track1'],
    ['track1', 'rtsp://c/s/', 'rtsp://c/s/track1'],
    ['?ctype=video', 'rtsp://c/s', 'rtsp://c/s?ctype=video'],
    ['video', 'rtsp://c/s?channel=1', 'rtsp://c/s?channel=1/video'],
    ['RTSP://other/x', 'rtsp://c/s', 'RTSP://other/x'],
    ['rtsps://other/x', 'rtsp://c/s', 'rtsps://other/x'],
  ])('of %j at %s points to %s', (control, base, absolute) => {
    expect(resolveControl(control, base)).toBe(absolute);
  });

  test('of the session is what the tracks hang from', () => {
    const { control, media } = parseSdp(
      'a=control:rtsp://c/all/\nm=video 0 RTP/AVP 96\na=control:1\nm=audio 0 RTP/AVP 0',
      BASE,
    );
    expect(control).toBe('rtsp://c/all/');
    expect(media.map((track) => track.control)).toEqual(['rtsp://c/all/1', 'rtsp://c/all/']);
  });
});
