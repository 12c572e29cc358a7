/** Every line that a conversation is held on and every path that packets come by, against simulated cameras. */
import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createPlain, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { selfSigned, selfSignedFingerprint } from '#tests/simulator/certificate.ts';
import {
  CLIPS,
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '#tests/simulator/rtsp-server.ts';
import { supervise } from './supervision.ts';

const simulators: Simulator[] = [];
const runs: ReturnType<typeof supervise>[] = [];
let web: Server | undefined;

afterEach(async () => {
  for (const { supervisor } of runs.splice(0)) supervisor.stop();
  for (const simulator of simulators.splice(0)) await simulator.close();
  web?.closeAllConnections();
  web?.close();
  web = undefined;
});

async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  simulators.push(simulator);
  return simulator;
}

function pull(isAllowed?: (address: string) => boolean): ReturnType<typeof supervise> {
  const run = supervise(isAllowed);
  runs.push(run);
  return run;
}

const setUps = (simulator: Simulator): number => simulator.stats('gate').requests['SETUP'] ?? 0;

describe('UDP', () => {
  test('brings whole pictures, and reports go back', async () => {
    const simulator = await simulate();
    const run = pull();
    run.assign(simulator.url('gate'), { transport: 'udp' });
    await run.until(() => run.parts.length > 2, 'parts');
    expect(run.told()).toEqual(['connecting', 'up']);
    expect(run.sessions[0]).toMatchObject({ transport: 'udp' });
    // A report every five seconds, besides what opens the way.
    const before = simulator.stats('gate').reportsReceived;
    run.later(5_000);
    await run.until(() => simulator.stats('gate').reportsReceived > before, 'a report');
    expect(run.supervisor.counters()).toMatchObject({ droppedUnits: 0, lostPackets: 0 });
    expect(setUps(simulator)).toBe(1);
    expect(simulator.stats('gate').requests['TEARDOWN']).toBeUndefined();
  });

  test('puts packets back in order, and drops what a lost one belonged to', async () => {
    const simulator = await simulate({ clips: { main: { ...CLIPS.main, framesPerSecond: 50 } } });
    simulator.behave('gate', { kind: 'bad-line', loss: 0, disorder: 0.2 });
    const run = pull();
    run.assign(simulator.url('gate'), { transport: 'udp' });
    await run.until(() => simulator.stats('gate').packetsOvertaken > 20, 'disorder');
    await run.until(() => run.parts.length > 3, 'parts');
    expect(run.supervisor.counters()).toMatchObject({ droppedUnits: 0, lostPackets: 0 });
    simulator.behave('gate', { kind: 'bad-line', loss: 0.1, disorder: 0.2 });
    await run.until(() => run.supervisor.counters().lostPackets > 5, 'loss');
    expect(run.supervisor.counters().droppedUnits).toBeGreaterThan(0);
  });

  test('listens to the camera alone', async () => {
    const simulator = await simulate();
    const run = pull();
    run.assign(simulator.url('gate'), { transport: 'udp' });
    await run.until(() => run.parts.length > 1, 'parts');
    const ports = simulator.udpPorts();
    expect(ports).toHaveLength(1);
    // A packet of the stream's own type and source, from this machine but another port.
    const stranger = createSocket('udp4');
    const packet = Buffer.alloc(40);
    packet[0] = 0x80;
    packet[1] = 96;
    packet.writeUInt32BE(0x0cc77001, 8);
    for (let sequence = 0; sequence < 200; sequence++) {
      packet.writeUInt16BE(sequence * 300, 2);
      stranger.send(packet, ports[0]?.rtp ?? 0, '127.0.0.1');
    }
    const parts = run.parts.length;
    await run.until(() => run.parts.length > parts + 1, 'more parts');
    stranger.close();
    expect(run.supervisor.counters()).toMatchObject({ droppedUnits: 0, lostPackets: 0 });
  });

  test('that falls silent is told, though requests are still answered', async () => {
    const simulator = await simulate();
    const run = pull();
    run.assign(simulator.url('gate'), { transport: 'udp' });
    await run.until(() => run.parts.length > 1, 'parts');
    simulator.behave('gate', { kind: 'freeze' });
    const options = simulator.stats('gate').requests['GET_PARAMETER'] ?? 0;
    run.later(9_000);
    run.later(1_500);
    await run.until(() => run.states.length > 2, 'down');
    expect(run.told()[2]).toMatch(/^silent/);
    expect(simulator.stats('gate').requests['GET_PARAMETER'] ?? 0).toBe(options);
  });
});

describe('TCP or UDP', () => {
  test('UDP is asked for when TCP is refused, and first the next time', async () => {
    const simulator = await simulate({ cameras: { gate: { transports: ['udp'] } } });
    const run = pull();
    run.assign(simulator.url('gate'));
    await run.until(() => run.parts.length > 1, 'parts');
    // No word of the way that was not taken.
    expect(run.told()).toEqual(['connecting', 'up']);
    expect(setUps(simulator)).toBe(2);
    simulator.behave('gate', { kind: 'drop' });
    await run.until(() => run.states.length === 3, 'down');
    run.later(2_000);
    await run.until(() => run.states.length === 4, 'up again');
    expect(setUps(simulator)).toBe(3);
  });

  test('what worked before a worker ended is asked for first', async () => {
    const simulator = await simulate({ cameras: { gate: { transports: ['udp'] } } });
    const run = pull();
    run.assign(simulator.url('gate'), { remembered: 'udp' });
    await run.until(() => run.parts.length > 1, 'parts');
    expect(setUps(simulator)).toBe(1);
  });

  test('TCP is asked for when UDP brings no packet', async () => {
    const simulator = await simulate({ cameras: { gate: { udpBlocked: true } } });
    const run = pull();
    run.assign(simulator.url('gate'), { remembered: 'udp' });
    await run.until(() => simulator.stats('gate').playing === 1, 'playing');
    await run.until(() => setUps(simulator) === 1, 'one setup');
    run.later(5_100);
    run.later(300);
    await run.until(() => run.parts.length > 1, 'parts');
    expect(run.told()).toEqual(['connecting', 'up']);
    expect(run.sessions.at(-1)).toMatchObject({ transport: 'tcp' });
  });

  test('neither: it is told once, and tried again later', async () => {
    const simulator = await simulate({ cameras: { gate: { transports: [] } } });
    const run = pull();
    run.assign(simulator.url('gate'));
    await run.until(() => run.states.length === 2, 'down');
    expect(run.told()).toEqual([
      'connecting',
      'transport-refused: SETUP was answered 461 Unsupported Transport',
    ]);
    expect(setUps(simulator)).toBe(2);
  });

  test.each(['tcp', 'udp'] as const)('a record that says %s is obeyed', async (transport) => {
    const other = transport === 'tcp' ? 'udp' : 'tcp';
    const simulator = await simulate({ cameras: { gate: { transports: [other] } } });
    const run = pull();
    run.assign(simulator.url('gate'), { transport });
    await run.until(() => run.states.length === 2, 'down');
    expect(run.told()[1]).toMatch(/^transport-refused/);
    expect(setUps(simulator)).toBe(1);
  });
});

describe('TLS', () => {
  test('a certificate that nobody vouches for is refused, unless the record says otherwise', async () => {
    const simulator = await simulate({ tls: selfSigned });
    const run = pull();
    run.assign(simulator.url('gate'));
    await run.until(() => run.states.length === 2, 'down');
    expect(run.told()[1]).toMatch(/^tls: DEPTH_ZERO_SELF_SIGNED_CERT/);
    // Nothing was said to it.
    expect(simulator.stats('gate').requests).toEqual({});
  });

  test.each([
    ['pin', selfSignedFingerprint],
    ['skip', null],
  ] as const)('%s lets it in, by TCP and with media by UDP', async (verify, fingerprint) => {
    const simulator = await simulate({ tls: selfSigned });
    for (const transport of ['tcp', 'udp'] as const) {
      const run = pull();
      run.assign(simulator.url('gate'), { transport, tls: { verify, fingerprint } });
      await run.until(() => run.parts.length > 1, 'parts');
      expect(run.told()).toEqual(['connecting', 'up']);
    }
  });

  test('a pin of another certificate keeps it out', async () => {
    const simulator = await simulate({ tls: selfSigned });
    const run = pull();
    const fingerprint = selfSignedFingerprint.replace(/^../, '00');
    run.assign(simulator.url('gate'), { tls: { verify: 'pin', fingerprint } });
    await run.until(() => run.states.length === 2, 'down');
    expect(run.told()[1]).toContain(selfSignedFingerprint);
    expect(run.told()[1]).toMatch(/^tls/);
    expect(simulator.stats('gate').requests).toEqual({});
  });
});

describe('IPv6', () => {
  test.each(['tcp', 'udp'] as const)('by %s', async (transport) => {
    const simulator = await simulate({ host: '::1' });
    const run = pull((address) => address === '::1');
    run.assign(simulator.url('gate'), { transport });
    await run.until(() => run.parts.length > 1, 'parts');
    expect(run.told()).toEqual(['connecting', 'up']);
  });
});

describe('a redirection', () => {
  test('is followed, and played from', async () => {
    const there = await simulate();
    const here = await simulate({ cameras: { gate: { refersTo: there.url('real') } } });
    const run = pull();
    run.assign(here.url('gate'));
    await run.until(() => run.parts.length > 1, 'parts');
    expect(run.told()).toEqual(['connecting', 'up']);
    expect(there.stats('real').playing).toBe(1);
  });

  test('to where no camera may be is not followed', async () => {
    const there = await simulate({ host: '127.0.0.2' });
    const here = await simulate({ cameras: { gate: { refersTo: there.url('real') } } });
    const run = pull((address) => address === '127.0.0.1');
    run.assign(here.url('gate'));
    await run.until(() => run.states.length === 2, 'down');
    expect(run.told()[1]).toMatch(/^address-not-allowed/);
    expect(there.stats('real').connections).toBe(0);
  });

  test('in a circle comes to an end', async () => {
    const simulator = await simulate();
    const here = await simulate({
      cameras: { gate: { refersTo: simulator.url('x') } },
    });
    simulator.refer('x', here.url('gate'));
    const run = pull();
    run.assign(here.url('gate'));
    await run.until(() => run.states.length === 2, 'down');
    expect(run.told()[1]).toMatch(/^protocol-error: the camera refers to/);
    expect(here.stats('gate').requests['DESCRIBE']).toBe(2);
  });
});

/** A web server that carries RTSP of a simulated camera, as QuickTime's tunnel has it. */
async function tunnelTo(simulator: Simulator, signIn?: { challenge: string }): Promise<string> {
  const backs = new Map<string, ReturnType<typeof connect>>();
  web = createServer((request, response) => {
    const cookie = String(request.headers['x-sessioncookie']);
    if (signIn !== undefined && request.headers.authorization === undefined) {
      response.writeHead(401, { 'WWW-Authenticate': signIn.challenge }).end();
      return;
    }
    if (request.method === 'GET') {
      const back = connect(simulator.port, '127.0.0.1');
      backs.set(cookie, back);
      response.writeHead(200, { 'Content-Type': 'application/x-rtsp-tunnelled' });
      response.flushHeaders();
      back.on('data', (bytes) => response.write(bytes)).on('error', () => {});
      response.on('close', () => back.destroy());
      return;
    }
    let rest = '';
    request.on('data', (bytes: Buffer) => {
      rest += bytes.toString('latin1');
      const whole = rest.length - (rest.length % 4);
      // Each request is encoded by itself: padding may stand in the middle.
      for (const piece of rest.slice(0, whole).match(/[^=]+=*/g) ?? []) {
        backs.get(cookie)?.write(Buffer.from(piece, 'base64'));
      }
      rest = rest.slice(whole);
    });
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  return `rtsp+http://127.0.0.1:${(web.address() as AddressInfo).port}/gate`;
}

describe('RTSP within HTTP', () => {
  test('is played, whatever way of sending the record names', async () => {
    const simulator = await simulate();
    const url = await tunnelTo(simulator);
    const run = pull();
    run.assign(url, { transport: 'udp' });
    await run.until(() => run.parts.length > 2, 'parts');
    expect(run.told()).toEqual(['connecting', 'up']);
    expect(simulator.stats('gate').playing).toBe(1);
    // Keepalives take the same way.
    run.later(31_000);
    await run.until(
      () => (simulator.stats('gate').requests['GET_PARAMETER'] ?? 0) > 0,
      'a keepalive',
    );
  });

  test('may want a password for the tunnel itself', async () => {
    const simulator = await simulate();
    const url = await tunnelTo(simulator, { challenge: 'Digest realm="web", nonce="n1"' });
    const without = pull();
    without.assign(url);
    await without.until(() => without.states.length === 2, 'down');
    expect(without.told()[1]).toMatch(/^unauthorised/);
    const run = pull();
    run.assign(url, { username: 'viewer', password: 'secret' });
    await run.until(() => run.parts.length > 1, 'parts');
    expect(run.told()).toEqual(['connecting', 'up']);
  });

  test.each([
    ['404 Not Found', '', 'not-found'],
    ['200 OK', 'Content-Type: text/html\r\n', 'protocol-error'],
    ['503 Busy', '', 'protocol-error'],
  ])('at a web server that answers %s is told', async (status, head, reason) => {
    const server = createPlain((socket) => {
      socket.on('error', () => {}).end(`HTTP/1.0 ${status}\r\n${head}\r\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const run = pull();
    run.assign(`rtsp+http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
    await run.until(() => run.states.length === 2, 'down');
    expect(run.told()[1]).toMatch(new RegExp(`^${reason}`));
    server.close();
  });
});
