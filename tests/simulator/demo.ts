/**
 * `npm run demo`: the gateway with the form's example. This process is the cameras (43 that work, of 70); the gateway is a
 * child of it, started as `npm start` does, in a data folder of its own (./demo-data/<port>) that begins empty every time.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, isFree } from '../free-port.ts';
import { DEMO_PASSWORD, demoPeople } from './demo-people.ts';
import { exampleCameraName, formExample } from './form-example.ts';
import { startSimulator, type Simulator } from './rtsp-server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
/** Ports tried after the wanted one. */
const MAX_PORTS_TRIED = 50;
const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 50;
/** The gateway may take this long to leave before it is killed. */
const STOP_TIMEOUT_MS = 10_000;
const PARENT_POLL_MS = 500;
/** How long a camera that is restarted by key stays away. */
const RESTART_MS = 3_000;

export interface DemoOptions {
  /** Where the gateway listens; the next free one when it is taken. 0: any. Default: PORT, or 8080. */
  port?: number;
  /** A folder in it, named after the port, is emptied at the start. Default: ./demo-data. */
  dataDir?: string;
  /** Further environment of the gateway. */
  environment?: Readonly<Record<string, string>>;
  /** Where the gateway's log goes. Default: inherit. */
  log?: 'inherit' | 'ignore';
}

export interface Demo {
  /** http://127.0.0.1:<port> */
  gatewayUrl: string;
  /** Cameras are named camera-01 to camera-70; those that work play. */
  simulator: Simulator;
  gateway: ChildProcess;
  /** By which the gateway knows an administrator: a token of this run. */
  headers: { authorization: string };
  /** Stops the gateway as Ctrl-C would, then the cameras. */
  close(): Promise<void>;
}

/** The gateway did not come up, or said no to a camera. */
export class DemoFailed extends Error {
  readonly code = 'demo_failed';
}

/** Starts cameras and gateway and registers the 70 cameras. Throws DemoFailed. */
export async function runDemo(options: DemoOptions = {}): Promise<Demo> {
  const wanted = options.port ?? Number(process.env['PORT'] ?? DEFAULT_PORT);
  const port = wanted === 0 ? await freePort() : await freePortFrom(wanted);
  // Named after the port, which no other demo has: one must never empty the folder of another that runs.
  const dataDir = join(options.dataDir ?? join(ROOT, 'demo-data'), String(port));
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });
  const simulator = await startSimulator({ host: HOST });
  const output = options.log ?? 'inherit';
  const adminToken = randomBytes(32).toString('base64url');
  const gateway = spawn(process.execPath, [join(ROOT, 'gateway/main.ts')], {
    cwd: ROOT,
    // A group of its own: Ctrl-C in a terminal reaches this process alone, which then stops the gateway in order.
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      // Its lines would push the address to open off the screen.
      LOG_LEVEL: 'warn',
      ...process.env,
      ...options.environment,
      HOST,
      PORT: String(port),
      DATA_DIR: dataDir,
      CAMERA_NETWORKS: '127.0.0.0/8',
      ADMIN_TOKEN: adminToken,
      DEMO_ACCOUNTS: JSON.stringify(demoPeople),
    },
  });
  const demo: Demo = {
    gatewayUrl: `http://${HOST}:${port}`,
    simulator,
    gateway,
    headers: { authorization: `Bearer ${adminToken}` },
    close: async () => {
      await stop(gateway);
      await simulator.close();
    },
  };
  try {
    await ready(demo);
    await register(demo);
  } catch (error) {
    await demo.close();
    throw error;
  }
  return demo;
}

async function ready({ gateway, gatewayUrl }: Demo): Promise<void> {
  let failure: Error | undefined;
  gateway.once('error', (error) => (failure = error));
  const giveUpMs = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < giveUpMs) {
    if (failure !== undefined)
      throw new DemoFailed('the gateway did not start', { cause: failure });
    if (hasEnded(gateway)) {
      throw new DemoFailed(`the gateway ended at once (${gateway.exitCode ?? gateway.signalCode})`);
    }
    // Refused until it listens.
    const reply = await fetch(`${gatewayUrl}/readyz`).catch(() => undefined);
    await reply?.body?.cancel();
    if (reply?.ok === true) return;
    await wait(READY_POLL_MS);
  }
  throw new DemoFailed(`the gateway was not ready after ${READY_TIMEOUT_MS / 1000} s`);
}

async function register({ gatewayUrl, simulator, headers }: Demo): Promise<void> {
  for (const camera of formExample((name) => simulator.url(name))) {
    const reply = await fetch(`${gatewayUrl}/api/v1/cameras`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(camera),
    });
    const answer = await reply.text();
    if (reply.status !== 201) {
      throw new DemoFailed(`the gateway answered ${reply.status} to ${camera.position}: ${answer}`);
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(late);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** The wanted port, or the next one that nobody has. Throws DemoFailed. */
async function freePortFrom(wanted: number): Promise<number> {
  for (let port = wanted; port <= wanted + MAX_PORTS_TRIED; port++) {
    if (await isFree(port)) return port;
  }
  throw new DemoFailed(`no free port from ${wanted} to ${wanted + MAX_PORTS_TRIED}`);
}

function welcome(gatewayUrl: string, wantedPort: number): string {
  const moved = !gatewayUrl.endsWith(`:${wantedPort}`);
  return [
    '',
    ...(moved
      ? [
          `  พอร์ต ${wantedPort} ไม่ว่าง จึงใช้พอร์ตอื่น · port ${wantedPort} is taken, so another is used`,
          '',
        ]
      : []),
    `  เปิด     ${gatewayUrl}`,
    `  เข้าใช้   เลือกบัญชีสาธิตในหน้าเข้าสู่ระบบ รหัสผ่านทุกบัญชี ${DEMO_PASSWORD}`,
    ...demoPeople.map(({ email, name }) => `           ${email.padEnd(30)} ${name}`),
    '  จะเห็น   กล้องจำลอง 70 ตัวตามตัวอย่างในแบบสำรวจ (7 แถว) ใช้งานได้ 43 ตัวและมีภาพสด อีก 27 ตัวยังไม่เชื่อมโยง',
    '  ลองกด    r แล้ว Enter: กล้องหนึ่งตัวดับ 3 วินาทีแล้วกลับมาเอง',
    '  หยุด     Ctrl-C (ข้อมูลตัวอย่างใน ./demo-data เริ่มใหม่ทุกครั้ง)',
    '',
    `  open     ${gatewayUrl}`,
    `  sign in  as one of the people above, a role each; the password of all is ${DEMO_PASSWORD}`,
    '  to see   the survey form’s example: 7 rows, 70 simulated cameras, the 43 working ones live, 27 not linked',
    '  try      r and Enter: one camera goes away for 3 seconds and comes back by itself',
    '  stop     Ctrl-C (the example data in ./demo-data is made anew every time)',
    '',
  ].join('\n');
}

/** `r` and Enter restarts the next camera that works. */
function watchKeys({ simulator }: Demo, closing: AbortSignal): void {
  const working = formExample((name) => simulator.url(name)).flatMap((camera, index) =>
    camera.stream === null
      ? []
      : [{ name: exampleCameraName(index + 1), position: camera.position }],
  );
  let next = 0;
  const lines = createInterface({ input: process.stdin, signal: closing });
  lines.on('line', (line) => {
    const camera = working[next % working.length];
    if (line.trim() !== 'r' || camera === undefined) return;
    next++;
    console.log(`  ${camera.name} ${camera.position}: ดับ · off`);
    simulator.behave(camera.name, { kind: 'refuse' });
    setTimeout(() => {
      if (closing.aborted) return;
      simulator.behave(camera.name, { kind: 'normal' });
      console.log(`  ${camera.name} ${camera.position}: กลับมา · back`);
    }, RESTART_MS).unref();
  });
}

async function main(): Promise<void> {
  if (!existsSync(join(ROOT, 'gateway/web/dist/index.html'))) {
    console.error('ยังไม่มีหน้าจอ ให้สั่ง · the screens are not built yet, run: npm run build:web');
  }
  const closing = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve());
    }
    // npm that is told to end leaves its script running: seen with npm 11 and SIGTERM.
    const parent = process.ppid;
    const orphaned = (): void => {
      if (process.env['npm_lifecycle_event'] !== undefined && process.ppid !== parent) resolve();
    };
    setInterval(orphaned, PARENT_POLL_MS).unref();
  });
  const demo = await runDemo();
  console.log(welcome(demo.gatewayUrl, Number(process.env['PORT'] ?? DEFAULT_PORT)));
  watchKeys(demo, closing.signal);
  const gone = once(demo.gateway, 'exit').then(() => 'gone' as const);
  const why = await Promise.race([stopped, gone]);
  if (why === 'gone') console.error('ตัวเกตเวย์หยุดเอง · the gateway ended by itself');
  closing.abort();
  await demo.close();
  process.exitCode = why === 'gone' ? 1 : 0;
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof DemoFailed)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
