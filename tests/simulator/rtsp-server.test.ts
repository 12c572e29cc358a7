import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Behaviour } from './behaviour.ts';
import { isUnbroken, picturesOf, RawClient } from './raw-client.ts';
import { CLIPS, startSimulator, type Simulator, type SimulatorOptions } from './rtsp-server.ts';

/** RTP ticks between two pictures of the clip, at 10 a second. */
const PICTURE_TICKS = 9000;
const STAP_A = 24;

let simulator: Simulator;
let clients: RawClient[];

async function restart(options: SimulatorOptions): Promise<void> {
  await simulator.close();
  simulator = await startSimulator(options);
}

function client(): RawClient {
  const made = new RawClient(simulator.port);
  clients.push(made);
  return made;
}

/** A client that plays `gate`, which behaves like this from the start. */
async function playing(behaviour?: Behaviour): Promise<RawClient> {
  if (behaviour !== undefined) simulator.behave('gate', behaviour);
  const raw = client();
  await raw.play(simulator.url('gate'));
  return raw;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

beforeEach(async () => {
  clients = [];
  simulator = await startSimulator();
});

afterEach(async () => {
  for (const each of clients) await each.close();
  await simulator.close();
});

describe('conversation', () => {
  test('any path is described as H.264 with its parameter sets', async () => {
    const reply = await client().request('DESCRIBE', simulator.url('gate'));
    expect(reply.status).toBe(200);
    expect(reply.headers['content-base']).toBe(`${simulator.url('gate')}/`);
    expect(reply.body).toContain('a=rtpmap:96 H264/90000');
    expect(reply.body).toMatch(
      /packetization-mode=1;profile-level-id=64001F;sprop-parameter-sets=\S+,\S+\r\n/,
    );
  });

  test('requests sent together are answered in order', async () => {
    const raw = client();
    const url = simulator.url('gate');
    raw.write(
      `OPTIONS ${url} RTSP/1.0\r\nCSeq: 7\r\n\r\nDESCRIBE ${url} RTSP/1.0\r\nCSeq: 8\r\n\r\n`,
    );
    await raw.until(() => raw.replies.length === 2, 'two replies');
    expect(raw.replies.map((reply) => reply.headers['cseq'])).toEqual(['7', '8']);
    expect(raw.replies[0]?.headers['public']).toContain('GET_PARAMETER');
  });

  test('a way of sending that is not granted is answered 461, an unknown session 454, an unknown track 404', async () => {
    await restart({ cameras: { gate: { transports: ['tcp'] } } });
    const raw = client();
    const url = simulator.url('gate');
    const udp = { Transport: 'RTP/AVP;unicast;client_port=5000-5001' };
    expect((await raw.request('SETUP', `${url}/trackID=0`, udp)).status).toBe(461);
    expect((await raw.request('PLAY', url, { Session: 'nobody' })).status).toBe(454);
    const tcp = { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' };
    expect((await raw.request('SETUP', `${url}/trackID=7`, tcp)).status).toBe(404);
  });

  test('Digest is asked for, refused when wrong and taken when right', async () => {
    const credentials = { username: 'viewer', password: 'secret' };
    await restart({ cameras: { gate: { credentials } } });
    const raw = client();
    const url = simulator.url('gate');
    const asked = await raw.request('DESCRIBE', url);
    expect(asked.status).toBe(401);
    const challenge = asked.headers['www-authenticate'] ?? '';
    const realm = /realm="([^"]*)"/.exec(challenge)?.[1] ?? '';
    const nonce = /nonce="([^"]*)"/.exec(challenge)?.[1] ?? '';
    expect(challenge).toContain('qop="auth"');
    const answer = (password: string): Record<string, string> => {
      const a1 = md5(`viewer:${realm}:${password}`);
      const response = md5(`${a1}:${nonce}:00000001:c0ffee:auth:${md5(`DESCRIBE:${url}`)}`);
      return {
        Authorization: `Digest username="viewer", realm="${realm}", nonce="${nonce}", uri="${url}", response="${response}", qop=auth, nc=00000001, cnonce="c0ffee"`,
      };
    };
    expect((await raw.request('DESCRIBE', url, answer('wrong'))).status).toBe(401);
    expect((await raw.request('DESCRIBE', url, answer('secret'))).status).toBe(200);
  });

  test('Basic is taken when right', async () => {
    await restart({
      cameras: {
        gate: { credentials: { username: 'viewer', password: 'secret', scheme: 'basic' } },
      },
    });
    const raw = client();
    const url = simulator.url('gate');
    expect((await raw.request('DESCRIBE', url)).headers['www-authenticate']).toMatch(
      /^Basic realm=/,
    );
    const Authorization = `Basic ${Buffer.from('viewer:secret').toString('base64')}`;
    expect((await raw.request('DESCRIBE', url, { Authorization })).status).toBe(200);
  });

  test('a client that says nothing for longer than its session is closed', async () => {
    await restart({ cameras: { gate: { sessionTimeoutSeconds: 1 } } });
    const raw = client();
    await raw.play(simulator.url('gate'));
    await raw.until(() => raw.closed, 'the end');
    expect(simulator.stats('gate').timedOutClients).toBe(1);
  });

  test('TEARDOWN ends the pictures and not the connection', async () => {
    const raw = client();
    const url = simulator.url('gate');
    const played = await raw.play(url);
    const session = { Session: played.headers['session'] ?? '' };
    expect((await raw.request('GET_PARAMETER', url, session)).status).toBe(200);
    expect((await raw.request('TEARDOWN', url, session)).status).toBe(200);
    const before = raw.packets.length;
    await wait(250);
    expect(raw.packets.length).toBe(before);
    expect(raw.closed).toBe(false);
    expect(simulator.stats('gate').playing).toBe(0);
  });
});

describe('stream', () => {
  test('it begins at once with parameter sets and where RTP-Info says', async () => {
    const raw = client();
    const played = await raw.play(simulator.url('gate'));
    await raw.until(() => picturesOf(raw.packets).length >= 3, 'three pictures');
    const [first, second, third] = picturesOf(raw.packets);
    const rtpInfo = /seq=(\d+);rtptime=(\d+)/.exec(played.headers['rtp-info'] ?? '');
    expect(first?.[0]?.sequence).toBe(Number(rtpInfo?.[1]));
    expect(first?.[0]?.timestamp).toBe(Number(rtpInfo?.[2]));
    expect((first?.[0]?.payload[0] ?? 0) & 0x1f).toBe(STAP_A);
    expect((second?.[0]?.timestamp ?? 0) - (first?.[0]?.timestamp ?? 0)).toBe(PICTURE_TICKS);
    expect((third?.[0]?.timestamp ?? 0) - (second?.[0]?.timestamp ?? 0)).toBe(PICTURE_TICKS);
    expect(isUnbroken(raw.packets)).toBe(true);
  });

  test('a second client in the middle of a group gets it from its beginning', async () => {
    const one = client();
    await one.play(simulator.url('gate'));
    await one.until(() => picturesOf(one.packets).length >= 4, 'four pictures');
    const two = client();
    await two.play(simulator.url('gate'));
    await two.until(() => two.packets.length > 0, 'a packet');
    expect((two.packets[0]?.payload[0] ?? 0) & 0x1f).toBe(STAP_A);
    await two.until(() => picturesOf(two.packets).length >= 5, 'five pictures');
    const same = two.packets.filter((packet) =>
      one.packets.some((p) => p.sequence === packet.sequence),
    );
    for (const packet of same) {
      expect(one.packets.find((p) => p.sequence === packet.sequence)).toEqual(packet);
    }
    expect(isUnbroken(two.packets)).toBe(true);
  });

  test('sequence numbers and timestamps go on through the end of the loop', async () => {
    await restart({ clips: { main: { ...CLIPS.small, framesPerSecond: 100 } } });
    const raw = client();
    await raw.play(simulator.url('gate'));
    await raw.until(() => picturesOf(raw.packets).length > 230, 'two rounds and more');
    expect(isUnbroken(raw.packets)).toBe(true);
    const times = picturesOf(raw.packets).map((picture) => picture[0]?.timestamp ?? 0);
    expect(new Set(times.slice(1).map((time, at) => time - (times[at] ?? 0)))).toEqual(
      new Set([900]),
    );
    const keys = picturesOf(raw.packets).map((picture) => (picture[0]?.payload[0] ?? 0) & 0x1f);
    expect(keys.flatMap((type, at) => (type === STAP_A ? [at % 20] : []))).toEqual(
      Array.from({ length: keys.filter((type) => type === STAP_A).length }, () => 0),
    );
  });

  test('a sender report gives the wall time of a timestamp that was sent', async () => {
    const raw = client();
    await raw.play(simulator.url('gate'));
    await raw.until(() => raw.reports.length > 0, 'a report');
    const report = raw.reports[0] as Buffer;
    expect(report[1]).toBe(200);
    const unixSeconds = report.readUInt32BE(8) - 2_208_988_800;
    expect(Math.abs(unixSeconds - Date.now() / 1000)).toBeLessThan(5);
    expect(raw.packets.map((packet) => packet.timestamp)).toContain(report.readUInt32BE(16));
  });

  test('frames come on the channel that was asked for', async () => {
    const raw = client();
    const setUp = await raw.request('SETUP', `${simulator.url('gate')}/trackID=0`, {
      Transport: 'RTP/AVP/TCP;unicast;interleaved=2-1',
    });
    expect(setUp.headers['transport']).toContain('interleaved=2-1');
    await raw.request('PLAY', simulator.url('gate'), {
      Session: setUp.headers['session']?.split(';')[0] ?? '',
    });
    await raw.until(() => raw.reports.length > 0, 'a report');
    expect(raw.packets).toEqual([]);
  });

  // So fast that the kernel's own buffers fill within a few seconds.
  test('a client that does not read is closed and the others go on', async () => {
    await restart({
      // Of pictures that are due at once after a machine stood still for a second, the other client gets all.
      maxUnsentBytes: 4 * 1024 * 1024,
      clips: { main: { ...CLIPS.main, framesPerSecond: 1000 } },
    });
    const slow = client();
    await slow.play(simulator.url('gate'));
    slow.pause();
    const quick = client();
    await quick.play(simulator.url('gate'));
    await quick.until(
      () => simulator.stats('gate').slowClients === 1,
      'the slow client to be closed',
    );
    const before = quick.packets.length;
    await quick.until(() => quick.packets.length > before, 'more');
    // Not that none is missing: a clock that was held up for a tenth of a second passes over pictures of this rate, for everybody.
    expect(quick.closed).toBe(false);
    expect(simulator.stats('gate')).toMatchObject({ slowClients: 1, playing: 1 });
  }, 20_000);
});

describe('behaviours', () => {
  test('drop closes present connections once', async () => {
    const raw = await playing();
    simulator.behave('gate', { kind: 'drop' });
    await raw.until(() => raw.closed, 'the end');
    const again = await playing();
    await again.until(() => picturesOf(again.packets).length > 2, 'pictures');
  });

  test('drop with a number closes after just so many pictures', async () => {
    const raw = await playing({ kind: 'drop', afterPictures: 3 });
    await raw.until(() => raw.closed, 'the end');
    expect(picturesOf(raw.packets)).toHaveLength(3);
  });

  test('freeze sends nothing, answers, and goes on later with a gap', async () => {
    const raw = await playing();
    await raw.until(() => raw.packets.length > 0, 'a packet');
    simulator.behave('gate', { kind: 'freeze' });
    await wait(50);
    const before = raw.packets.length;
    await wait(350);
    expect(raw.packets.length).toBe(before);
    expect((await raw.request('OPTIONS', simulator.url('gate'))).status).toBe(200);
    simulator.behave('gate', { kind: 'normal' });
    await raw.until(() => raw.packets.length > before, 'more');
    expect(isUnbroken(raw.packets)).toBe(false);
  });

  test('freeze-picture repeats one picture while time goes on', async () => {
    const raw = await playing();
    simulator.behave('gate', { kind: 'freeze-picture' });
    const from = picturesOf(raw.packets).length;
    await raw.until(() => picturesOf(raw.packets).length > from + 3, 'four pictures');
    const frozen = picturesOf(raw.packets).slice(from + 1);
    const bytes = frozen.map((picture) =>
      Buffer.concat(picture.map((packet) => packet.payload)).toString('base64'),
    );
    expect(new Set(bytes).size).toBe(1);
    expect((frozen[1]?.[0]?.timestamp ?? 0) - (frozen[0]?.[0]?.timestamp ?? 0)).toBe(PICTURE_TICKS);
    simulator.behave('gate', { kind: 'normal' });
    const then = raw.packets.length;
    await raw.until(() => picturesOf(raw.packets.slice(then)).length > 3, 'pictures');
    expect(isUnbroken(raw.packets)).toBe(true);
  });

  test('lose-packets leaves out the packets that were named', async () => {
    const raw = await playing();
    await raw.until(() => raw.packets.length > 0, 'a packet');
    simulator.behave('gate', { kind: 'lose-packets', packets: [1, 3] });
    await raw.until(() => simulator.stats('gate').packetsLost === 2, 'the loss');
    const then = raw.packets.length;
    await raw.until(() => raw.packets.length > then + 2, 'more');
    const missing = raw.packets.flatMap(({ sequence }, at) => {
      const before = raw.packets[at - 1];
      return before === undefined
        ? []
        : Array.from({ length: ((sequence - before.sequence) & 0xffff) - 1 });
    });
    expect(missing).toHaveLength(2);
  });

  test('lose-packets loses about the fraction that was asked for', async () => {
    await restart({ clips: { main: { ...CLIPS.main, framesPerSecond: 1000 } } });
    const raw = await playing({ kind: 'lose-packets', fraction: 0.2 });
    await raw.until(() => simulator.stats('gate').packetsSent > 800, 'packets');
    const { packetsLost, packetsSent } = simulator.stats('gate');
    expect(packetsLost / (packetsLost + packetsSent)).toBeGreaterThan(0.12);
    expect(packetsLost / (packetsLost + packetsSent)).toBeLessThan(0.28);
  });

  test.each([3600, -3600])(
    'jump-timestamps moves them by %i s once, sequence numbers go on',
    async (seconds) => {
      const raw = await playing();
      await raw.until(() => raw.packets.length > 0, 'a packet');
      simulator.behave('gate', { kind: 'jump-timestamps', seconds });
      const before = picturesOf(raw.packets).length;
      await raw.until(() => picturesOf(raw.packets).length > before + 4, 'pictures');
      const times = picturesOf(raw.packets).map((picture) => picture[0]?.timestamp ?? 0);
      const steps = times.slice(1).map((time, at) => (time - (times[at] ?? 0)) | 0);
      expect(steps.filter((step) => step !== PICTURE_TICKS)).toEqual([
        PICTURE_TICKS + seconds * 90_000,
      ]);
      expect(isUnbroken(raw.packets)).toBe(true);
    },
  );

  test('change-parameter-sets goes on with another SPS in the same stream', async () => {
    const raw = await playing();
    await raw.until(() => raw.packets.length > 0, 'a packet');
    const before = raw.packets.length;
    simulator.behave('gate', { kind: 'change-parameter-sets' });
    const sets = (from: number): Buffer[] =>
      raw.packets
        .slice(from)
        .flatMap(({ payload }) => (((payload[0] ?? 0) & 0x1f) === STAP_A ? [payload] : []));
    await raw.until(() => sets(before).length > 0, 'parameter sets');
    expect(sets(before)[0]).not.toEqual(sets(0)[0]);
    const body = (await client().request('DESCRIBE', simulator.url('gate'))).body;
    expect(body).toContain('profile-level-id=4D');
    simulator.behave('gate', { kind: 'normal' });
    const then = raw.packets.length;
    await raw.until(() => sets(then).length > 0, 'the first parameter sets');
    expect(sets(then)[0]).toEqual(sets(0)[0]);
    expect(isUnbroken(raw.packets)).toBe(true);
    const times = picturesOf(raw.packets).map((picture) => picture[0]?.timestamp ?? 0);
    const steps = times.slice(1).map((time, at) => (time - (times[at] ?? 0)) | 0);
    expect(new Set(steps)).toEqual(new Set([PICTURE_TICKS]));
  });

  test('refuse closes who is there and whoever comes', async () => {
    const raw = await playing();
    simulator.behave('gate', { kind: 'refuse' });
    await raw.until(() => raw.closed, 'the end');
    const again = client();
    again.write(`OPTIONS ${simulator.url('gate')} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
    await again.until(() => again.closed, 'the end');
    expect(again.replies).toEqual([]);
  });

  test.each([
    [{ kind: 'refuse', how: '503' }, 503],
    [{ kind: 'not-found' }, 404],
    [{ kind: 'unauthorised' }, 401],
  ] as const)('%j is answered %i', async (behaviour, status) => {
    simulator.behave('gate', behaviour);
    expect((await client().request('DESCRIBE', simulator.url('gate'))).status).toBe(status);
    expect((await client().request('DESCRIBE', simulator.url('other'))).status).toBe(200);
  });

  test('silent takes the connection and never answers', async () => {
    simulator.behave('gate', { kind: 'silent' });
    const raw = client();
    raw.write(`OPTIONS ${simulator.url('gate')} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
    await wait(300);
    expect(raw.replies).toEqual([]);
    expect(raw.closed).toBe(false);
  });

  test('no-video offers sound only', async () => {
    simulator.behave('gate', { kind: 'no-video' });
    const { body } = await client().request('DESCRIBE', simulator.url('gate'));
    expect(body).toContain('m=audio');
    expect(body).not.toContain('m=video');
  });

  test('garbage between frames loses no packet', async () => {
    const raw = await playing({ kind: 'garbage', where: 'between-frames', bytes: 100 });
    await raw.until(() => raw.garbageBytes >= 300, 'garbage');
    await raw.until(() => picturesOf(raw.packets).length > 3, 'pictures');
    expect(isUnbroken(raw.packets)).toBe(true);
  });

  test('garbage instead of a reply', async () => {
    simulator.behave('gate', { kind: 'garbage', where: 'instead-of-reply' });
    const raw = client();
    raw.write(`OPTIONS ${simulator.url('gate')} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
    await raw.until(() => raw.garbageBytes > 0, 'garbage');
    expect(raw.replies).toEqual([]);
  });

  test('slow-reply answers later, still in order', async () => {
    simulator.behave('gate', { kind: 'slow-reply', delayMs: 150 });
    const raw = client();
    const url = simulator.url('gate');
    const began = performance.now();
    raw.write(
      `OPTIONS ${url} RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS ${url} RTSP/1.0\r\nCSeq: 2\r\n\r\n`,
    );
    await raw.until(() => raw.replies.length === 2, 'two replies');
    expect(performance.now() - began).toBeGreaterThan(290);
    expect(raw.replies.map((reply) => reply.headers['cseq'])).toEqual(['1', '2']);
  });

  test('a box that is off refuses connections, and comes back on the same port', async () => {
    const raw = await playing();
    await simulator.setListening(false);
    await raw.until(() => raw.closed, 'the end');
    const refused = client();
    await refused.until(() => refused.closed, 'the refusal');
    await simulator.setListening(true);
    const again = await playing();
    await again.until(() => again.packets.length > 0, 'a packet');
  });
});
