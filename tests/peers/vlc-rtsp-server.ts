import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../free-port.ts';

const NOBODY = 65_534;
const LISTENS_WITHIN_MS = 30_000;

export interface VlcServer {
  url: string;
  kill: () => Promise<void>;
}

/** VLC's RTSP output: plays a file as it is, in a loop, from when it starts; grants UDP alone. */
export async function startVlcServer(options: { file: string }): Promise<VlcServer> {
  const home = await mkdtemp(join(tmpdir(), 'vlc-'));
  const port = await freePort();
  const args = ['-q', '--no-sout-audio', '--loop', options.file];
  args.push('--sout', `#rtp{sdp=rtsp://127.0.0.1:${port}/cam}`, '--sout-keep');
  // It will not run as root.
  const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn('cvlc', args, {
    ...asNobody,
    env: { ...process.env, HOME: home },
    stdio: 'ignore',
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(home, { recursive: true, force: true });
  };
  const giveUpMs = performance.now() + LISTENS_WITHIN_MS;
  while (!(await listens(port))) {
    if (performance.now() > giveUpMs) {
      await kill();
      throw new Error('VLC does not listen');
    }
    await wait(100);
  }
  return { url: `rtsp://127.0.0.1:${port}/cam`, kill };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
