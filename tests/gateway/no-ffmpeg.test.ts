/** A machine without ffmpeg: footage is recorded and played as ever; a still is refused in words. */
import { expect, test } from 'vitest';
import { registerDownloadRoutes } from '#gateway/routes/footage-downloads.ts';
import { signedLinks } from '#gateway/signed-links.ts';
import { asAdministrator, ServerRig } from './auth/server-rig.ts';

async function unused(): Promise<never> {
  throw new Error('not asked for');
}

test('a still wants ffmpeg, and says so', async () => {
  // Looked for once a process: this file's own.
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  const rig = await ServerRig.start({
    extraRoutes: [
      (app) =>
        registerDownloadRoutes(app, {
          footage: {
            clip: unused,
            clipPieces: unused,
            picture: async () => ({ file: Buffer.from('ftyp'), skipSeconds: 0 }),
          },
          cameras: { get: unused },
          links: signedLinks(Buffer.alloc(32), Date.now),
          mayDownload: async () => true,
          whileAllowed: (stream) => stream,
          now: Date.now,
        }),
    ],
  });
  try {
    const lao = { name: 'ทต.ศาลาด่าน', district: 'เกาะลันตา', province: 'กระบี่' };
    const id = await rig.addCamera(lao);
    const url = `/api/v1/cameras/${id}/still.jpg?at=2026-11-26T08:00:00%2B07:00`;
    for (let tries = 0; tries < 2; tries++) {
      const reply = await rig.app.inject({ url, headers: asAdministrator });
      expect([reply.statusCode, reply.json()]).toEqual([
        501,
        { error: { code: 'no_ffmpeg', message: 'ffmpeg is not installed' } },
      ]);
    }
  } finally {
    process.env['PATH'] = path;
    await rig.close();
  }
});
