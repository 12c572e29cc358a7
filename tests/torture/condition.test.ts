import { afterAll, beforeAll, describe, test } from 'vitest';
import { startFailingCameras, type FailingCameras } from '../end-to-end/failing-cameras.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { usualRules } from '#ingest/liveness.ts';

/** The usual waits: each fault is told within 90 s, and five minutes without power are no damage. */
const WAITS = {
  ...usualRules,
  withinMs: 90_000,
  powerCutMs: 300_000,
  flap: { onMs: 6_000, offMs: 3_000 },
};

describe.skipIf(missingParts('ffmpeg').length > 0)(
  "the form's 43 cameras with the usual waits (wants ffmpeg)",
  () => {
    let cameras: FailingCameras;

    beforeAll(async () => {
      cameras = await startFailingCameras(WAITS);
    });
    afterAll(() => cameras.close());

    test('each fault is told within 90 s, once', async () => {
      const { foundMs } = await cameras.fail();
      console.log(`all faults were told after ${Math.round(foundMs / 1000)} s`);
    });

    test('a site without power for five minutes falls and comes back, once each', () =>
      cameras.cutPower());

    test('a worker that is killed makes its cameras unknown, and what they were is found again', () =>
      cameras.killWorker());
  },
);
