/**
 * Simulated cameras on one RTSP server: every path is a camera that plays a clip in a loop to any number of clients.
 * Start reading here: beat.ts has the time, clip.ts the packets, camera.ts what is shown, connection.ts the protocol.
 */
import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { Behaviour } from './behaviour.ts';
import { BeatClock, PHASES } from './beat.ts';
import { SimulatedCamera, type CameraOptions, type CameraStats } from './camera.ts';
import { loadClip, type Clip, type ClipSource } from './clip.ts';
import { ServerConnection } from './connection.ts';
import { openUdpSender, type SentPicture } from './udp.ts';

/** Names that clients may bring into being; the rest are not found. */
const MAX_CAMERAS = 20_000;
const DEFAULT_MAX_UNSENT_BYTES = 2 * 1024 * 1024;
const TIMEOUT_CHECK_MS = 500;
const SYNCHRONISATION_SOURCE = 0x0c_c7_70_01;
const LISTEN_BACKLOG = 1024;

/** The clips that come with the simulator; `main` is what a camera shows unless told otherwise. */
export const CLIPS = {
  main: clip('clip', 10),
  small: clip('clip-small', 10),
  /** Half as many pictures a second. */
  slow: clip('clip', 5),
  /** What an encoder makes of a sensor that gives the same picture for ever. */
  still: clip('clip-still', 10),
  black: clip('clip-black', 10),
  'no-signal': clip('clip-no-signal', 10),
  /** By infrared: dark, without colour, and nothing moves but noise; at the usual rate, and by a slow shutter. */
  night: clip('clip-night', 10),
  'night-slow': clip('clip-night', 5),
  /** A random access picture every ten seconds. */
  'long-group': clip('clip-long-group', 10),
} as const satisfies Readonly<Record<string, ClipSource>>;

function clip(name: string, framesPerSecond: number): ClipSource {
  return { path: fileURLToPath(new URL(`${name}.h264`, import.meta.url)), framesPerSecond };
}

export interface SimulatorOptions {
  /** Default: 127.0.0.1. */
  host?: string;
  /** Default: any free port. */
  port?: number;
  /** Further clips, or others in place of `main` and `small`. Each is loaded when first shown. */
  clips?: Readonly<Record<string, ClipSource>>;
  /** Cameras that differ from the usual; every other path is a camera as well. */
  cameras?: Readonly<Record<string, CameraOptions>>;
  /** Speaks TLS with this certificate. Default: plain. */
  tls?: { key: string; cert: string };
  /** Bytes a slow client may keep waiting before it is closed. Default: 2 MiB. */
  maxUnsentBytes?: number;
}

export interface Simulator {
  readonly port: number;
  /** The address of a camera, without credentials. */
  url(name: string): string;
  /** Chooses how a camera behaves from now on, known to clients already or not. */
  behave(name: string, behaviour: Behaviour): void;
  stats(name: string): CameraStats;
  /** Makes a camera refer to another address from now on. */
  refer(name: string, url: string): void;
  /** What a camera sent on bad lines, to all its clients. */
  sentOnBadLine(name: string): readonly SentPicture[];
  /** Where clients of UDP are sent to. */
  udpPorts(): { rtp: number; rtcp: number }[];
  /** Closes the listening port as if the whole box were off (present connections too), or opens the same port again. */
  setListening(listening: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts to listen. Throws UnplayableClip, and what listening throws. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  const sources: Readonly<Record<string, ClipSource>> = { ...CLIPS, ...options.clips };
  const clips = new Map<string, Clip>();
  const clock = new BeatClock();
  const cameras = new Map<string, SimulatedCamera>();
  const connections = new Map<Socket, ServerConnection>();

  const clipNamed = (name: string): Clip => {
    let clip = clips.get(name);
    if (clip === undefined) {
      const source = sources[name];
      if (source === undefined) throw new RangeError(`no clip is named ${name}`);
      clip = loadClip(source, SYNCHRONISATION_SOURCE);
      clips.set(name, clip);
    }
    return clip;
  };
  const cameraNamed = (name: string): SimulatedCamera | undefined => {
    let camera = cameras.get(name);
    if (camera === undefined && name !== '' && cameras.size < MAX_CAMERAS) {
      const phase = cameras.size % PHASES;
      const beatOf = (framesPerSecond: number) => clock.beat(framesPerSecond, phase);
      camera = new SimulatedCamera(name, options.cameras?.[name] ?? {}, clipNamed, beatOf);
      cameras.set(name, camera);
    }
    return camera;
  };
  const known = (name: string): SimulatedCamera => {
    const camera = cameraNamed(name);
    if (camera === undefined) throw new RangeError(`no camera can be named ${name}`);
    return camera;
  };
  for (const name of Object.keys(options.cameras ?? {})) known(name);

  const udp = await openUdpSender(host);
  const accept = (socket: Socket): void => {
    const connection = new ServerConnection(socket, {
      cameraNamed,
      maxUnsentBytes: options.maxUnsentBytes ?? DEFAULT_MAX_UNSENT_BYTES,
      synchronisationSource: SYNCHRONISATION_SOURCE,
      udp,
    });
    connections.set(socket, connection);
    socket.on('close', () => connections.delete(socket));
  };
  const server: Server =
    options.tls === undefined
      ? createServer(accept)
      : createTlsServer(options.tls, accept).on('tlsClientError', () => {});
  const listen = async (port: number): Promise<void> => {
    server.listen({ host, port, backlog: LISTEN_BACKLOG });
    await once(server, 'listening');
  };
  const stopListening = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of connections.keys()) socket.destroy();
    await closed;
  };
  await listen(options.port ?? 0);
  const port = portOf(server.address());
  const timeouts = setInterval(() => {
    for (const connection of connections.values()) connection.checkTimeout();
  }, TIMEOUT_CHECK_MS);

  return {
    port,
    url: (name) =>
      `${options.tls === undefined ? 'rtsp' : 'rtsps'}://${isIPv6(host) ? `[${host}]` : host}:${port}/${name}`,
    behave: (name, behaviour) => known(name).behave(behaviour),
    stats: (name) => known(name).stats(),
    refer: (name, refersTo) => {
      known(name).options = { ...known(name).options, refersTo };
    },
    sentOnBadLine: (name) => udp.log.filter(({ camera }) => camera === name),
    udpPorts: () => udp.clients(),
    setListening: (listening) =>
      listening ? (server.listening ? Promise.resolve() : listen(port)) : stopListening(),
    close: async () => {
      clearInterval(timeouts);
      clock.close();
      await stopListening();
      udp.close();
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP address');
  return address.port;
}
