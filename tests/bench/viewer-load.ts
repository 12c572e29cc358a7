/**
 * The viewers' process (viewer-load.c) on BENCH_CORE: live against the gateway, or a replay of what they fetched
 * against another server.
 */
import { startChild } from './children.ts';
import { compiled } from './compile.ts';
import { BENCH_CORE } from './cores.ts';
import { startSpan, type Span } from './proc-stat.ts';

export interface ViewerReading {
  seconds: number;
  playlists: number;
  parts: number;
  bytes: number;
  errors: number;
  reconnects: number;
  /** Parts that a viewer had to leap over. */
  missedParts: number;
  /** Parts whole at the viewer more than a PART-TARGET after their last picture was due. */
  lateParts: number;
  undatedParts: number;
  afterP50Ms: number;
  afterP99Ms: number;
  afterMaxMs: number;
  answerP50Ms: number;
  answerP99Ms: number;
  /** Of BENCH_CORE: near 100 and the load itself was late. */
  cpuPercent: number;
  /** The server's, over the same seconds. */
  served: Span;
}

export function watchLive(options: {
  port: number;
  serverPid: number;
  token: string;
  /** A file with the path of a media playlist a line. */
  playlistsFile: string;
  clients: number;
  seconds: number;
  captureFolder: string;
}): Promise<ViewerReading> {
  return run(
    options.serverPid,
    [
      ['live', '--port', String(options.port), '--playlists', options.playlistsFile],
      ['--token', options.token],
      ['--clients', String(options.clients), '--seconds', String(options.seconds)],
      ['--capture', options.captureFolder],
    ].flat(),
  );
}

export function replay(options: {
  port: number;
  serverPid: number;
  clients: number;
  captureFolder: string;
}): Promise<ViewerReading> {
  return run(
    options.serverPid,
    [
      ['replay', '--port', String(options.port), '--trace', options.captureFolder],
      ['--clients', String(options.clients)],
    ].flat(),
  );
}

async function run(serverPid: number, args: readonly string[]): Promise<ViewerReading> {
  const child = startChild({ command: compiled('viewer-load'), args, core: BENCH_CORE });
  await child.nextLine(); // measuring
  const span = startSpan([serverPid]);
  const result = await child.nextLine();
  const served = span();
  await child.nextLine(); // the trace is written
  await child.stop();
  if (result === undefined) throw new Error(`the viewers failed: ${child.lastWords()}`);
  return { ...(JSON.parse(result) as Omit<ViewerReading, 'served'>), served };
}
