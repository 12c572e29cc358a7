import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, vi } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '#gateway/config.ts';
import { startGateway, type Gateway } from '#gateway/gateway.ts';
import { liveStateJson, type LiveStateJson } from '#gateway/live-state-json.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { signedInFront } from './signed-in.ts';

const POLL_MS = 50;
let added = 0;

/** Of an administrator. */
const TOKEN = 'end-to-end-0123456789-0123456789-01';

export interface GatewayUnderTest extends Gateway {
  /** Where every request is signed in as an administrator. */
  url: string;
  /** The gateway itself, which asks who is there. */
  gatewayUrl: string;
  /** `Authorization` for it. */
  authorization: string;
  /** Registers a camera as another system would; returns its id. */
  addCamera: (stream: {
    url: string;
    username?: string;
    password?: string;
    transport?: 'auto' | 'tcp' | 'udp';
    tls?: { verify: 'system' | 'pin' | 'skip'; fingerprint?: string };
  }) => Promise<string>;
  live: (cameraId: string) => Promise<LiveStateJson>;
  /** Waits until the live state has these values; fails with the state seen last. */
  untilLive: (
    cameraId: string,
    expected: Partial<LiveStateJson>,
    withinMs: number,
  ) => Promise<LiveStateJson>;
  /** Waits until there is a whole segment to play: players that know no parts want one. */
  untilPicture: (cameraId: string, withinMs: number) => Promise<void>;
}

/** The whole gateway in this process, on a free port, with a data folder that goes with it. */
export async function startGatewayUnderTest(
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayUnderTest> {
  const dataDir = await mkdtemp(join(tmpdir(), 'end-to-end-'));
  const config = parseConfig({
    DATA_DIR: dataDir,
    CAMERA_NETWORKS: '127.0.0.0/8',
    WORKERS: '1',
    ADMIN_TOKEN: TOKEN,
    ...environment,
    // The one that was asked for is where it is reached signed in.
    PORT: '0',
  });
  const gateway = await startGateway(config, pino({ level: 'silent' }));
  const front = await signedInFront(gateway.url, TOKEN, Number(environment['PORT'] ?? 0));
  const live = async (cameraId: string): Promise<LiveStateJson> => {
    const reply = await fetch(`${front.url}/api/v1/cameras/${cameraId}/live`);
    return liveStateJson.parse(await reply.json());
  };
  return {
    ...gateway,
    url: front.url,
    gatewayUrl: gateway.url,
    authorization: `Bearer ${TOKEN}`,
    live,
    async addCamera(stream) {
      const reply = await fetch(`${front.url}/api/v1/cameras`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(
          krabiCamera({
            // Two at one place with one address would be asked about.
            position: `หน้าตลาดสด ต้นที่ ${++added}`,
            stream: { username: null, password: null, transport: 'tcp', ...stream },
            site: null,
          }),
        ),
      });
      const answer: unknown = await reply.json();
      expect(answer).toMatchObject({ id: expect.any(String) });
      return z.object({ id: z.string() }).parse(answer).id;
    },
    async untilLive(cameraId, expected, withinMs) {
      return vi.waitFor(
        async () => {
          const state = await live(cameraId);
          expect(state).toMatchObject(expected);
          return state;
        },
        { timeout: withinMs, interval: POLL_MS },
      );
    },
    async untilPicture(cameraId, withinMs) {
      await vi.waitFor(
        async () => {
          const reply = await fetch(`${front.url}/live/${cameraId}/index.m3u8?latency=normal`);
          await reply.body?.cancel();
          expect(reply.status).toBe(200);
        },
        { timeout: withinMs, interval: POLL_MS },
      );
    },
    async close() {
      await front.close();
      const threads = await gateway.close();
      await rm(dataDir, { recursive: true, force: true });
      return threads;
    },
  };
}
