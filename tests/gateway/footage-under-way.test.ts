/** Footage that is on its way to somebody, and may be sent no more: whoever reads it slowly gets no more of it either. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { ClosedAreaNotWatched } from '#gateway/closed-area-footage.ts';
import { footageUnderWay, type Sending } from '#gateway/footage-under-way.ts';
import { registerDownloadRoutes } from '#gateway/routes/footage-downloads.ts';
import { signedLinks } from '#gateway/signed-links.ts';
import { ADMIN_TOKEN_ACCOUNT } from '#gateway/auth/admission.ts';
import { asAdministrator, ServerRig } from './auth/server-rig.ts';

/** More than lies between a server and a client that does not read. */
const BYTES = 64 * 1024 * 1024;

async function unused(): Promise<never> {
  throw new Error('not asked for');
}

async function* bytes(): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < BYTES; sent += 65_536) yield Buffer.alloc(65_536);
}

test('a download ends while it runs, once the area of its camera is closed; while nobody can tell, it goes on', async () => {
  const asked: Sending[] = [];
  let answer: 'allowed' | 'nobody can tell' | 'closed' = 'allowed';
  const whileAllowed = footageUnderWay(async (sending) => {
    asked.push(sending);
    if (answer === 'nobody can tell') throw new Error('the database is away');
    return answer === 'closed' ? new ClosedAreaNotWatched() : undefined;
  }, 5);
  const rig = await ServerRig.start({
    extraRoutes: [
      (app) =>
        registerDownloadRoutes(app, {
          footage: {
            clip: async () => ({ byteLength: BYTES, etag: '"e"', read: bytes }),
            clipPieces: unused,
            picture: unused,
          },
          cameras: { get: async () => undefined },
          links: signedLinks(Buffer.alloc(32), Date.now),
          mayDownload: async () => true,
          whileAllowed,
          now: Date.now,
        }),
    ],
  });
  const lao = { name: 'ทต.ศาลาด่าน', district: 'เกาะลันตา', province: 'กระบี่' };
  const cameraId = await rig.addCamera(lao);
  await rig.app.listen({ host: '127.0.0.1', port: 0 });
  const connections: Socket[] = [];
  rig.app.server.on('connection', (socket) => connections.push(socket));
  const { port } = rig.app.server.address() as AddressInfo;
  const range = 'from=2026-11-26T08:00:00Z&to=2026-11-26T09:00:00Z';
  const path = `/api/v1/cameras/${cameraId}/clip.mp4?${range}`;
  const request = get({ port, path, headers: asAdministrator, agent: false });
  const [reply] = (await once(request, 'response')) as [IncomingMessage];
  reply.pause();
  const cut = new Promise((resolve) => reply.once('error', resolve));
  expect([reply.statusCode, reply.headers['content-length']]).toEqual([200, String(BYTES)]);
  const looks = async (more: number): Promise<void> => {
    const before = asked.length;
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(before + more));
  };
  await looks(2);
  expect(asked[0]).toEqual({
    cameraId,
    accountId: ADMIN_TOKEN_ACCOUNT,
    action: 'footage.download',
  });
  answer = 'nobody can tell';
  await looks(2);
  expect(reply.destroyed).toBe(false);

  // The client reads nothing: it is the gateway that ends it.
  answer = 'closed';
  await Promise.all(connections.map(async (socket) => once(socket, 'close')));
  reply.resume();
  await cut;
  expect([connections.length, reply.complete]).toEqual([1, false]);
  await rig.close();
});
