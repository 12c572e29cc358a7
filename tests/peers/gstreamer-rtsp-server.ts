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

export interface GStreamerOptions {
  /** An MP4 file with H.264, played as it is. */
  file?: string;
  /** Instead of a file: a bin with elements named pay0, pay1, … */
  pipeline?: string;
  /** Default: any free one. */
  port?: number;
  credentials?: { scheme: 'basic' | 'digest'; username: string; password: string };
  /** A PEM file with certificate and key: the server speaks TLS. */
  certificate?: string;
  /** The only way of sending that it grants. Default: all that it knows. */
  transport?: 'tcp' | 'udp';
  /** A bin with an element named depay0 that takes what is pushed to `/push`. */
  record?: string;
}

/** Plays from the beginning to the first client, and the same to those that come later. */
export async function startGStreamerServer(options: GStreamerOptions): Promise<GStreamerServer> {
  const { file, pipeline, ...rest } = options;
  const served =
    pipeline ??
    `( filesrc location=${file ?? ''} ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )`;
  const args = [SCRIPT, JSON.stringify({ ...rest, pipeline: served })];
  const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await portOf(child);
  return {
    port,
    url: `${options.certificate === undefined ? 'rtsp' : 'rtsps'}://127.0.0.1:${port}/cam`,
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
