import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PYTHON } from '../end-to-end/machine.ts';

const SCRIPT = fileURLToPath(new URL('gstreamer-rtsp-server.py', import.meta.url));

export interface GStreamerServer {
  port: number;
  url: string;
  /** As a power cut would. */
  kill: () => Promise<void>;
}

/** Plays an MP4 file as it is from its beginning to the first client, and the same to those that come later. */
export async function startGStreamerServer(options: {
  file: string;
  /** Default: any free one. */
  port?: number;
  credentials?: { scheme: 'basic' | 'digest'; username: string; password: string };
}): Promise<GStreamerServer> {
  const { credentials } = options;
  const pipeline = `( filesrc location=${options.file} ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )`;
  const args = [SCRIPT, String(options.port ?? 0), pipeline];
  if (credentials !== undefined) {
    args.push(credentials.scheme, credentials.username, credentials.password);
  }
  const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await portOf(child);
  return {
    port,
    url: `rtsp://127.0.0.1:${port}/cam`,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^ready (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('the GStreamer server ended before it listened');
}
