import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import { startSimulator } from '../simulator/rtsp-server.ts';
import { readKept, spoolFiles, startKilledGateway } from './killed-gateway.ts';

const COMMANDS = new URL('../../gateway/keeping-commands.ts', import.meta.url).pathname;
const FIRST_PICTURE_MS = 2_500;
const STORED_MS = 20_000;

/**
 * Kills a recording gateway `kills` times at random moments of its first seconds, and looks at what it kept. Returns
 * how much was lost before each kill at most, ms: from the end of the footage to the kill.
 */
export async function killLoop(kills: number, random: () => number): Promise<number[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'killed-'));
  const simulator = await startSimulator({ cameras: { killed: { clip: 'small' } } });
  try {
    const killedMs: number[] = [];
    let cameraId = '';
    for (let i = 0; i < kills; i++) {
      const gateway = await startKilledGateway(dataDir);
      if (cameraId === '') cameraId = await gateway.addCamera(simulator.url('killed'));
      await wait(FIRST_PICTURE_MS + random() * 2_500);
      killedMs.push(await gateway.kill());
    }
    const last = await startKilledGateway(dataDir);
    await wait(FIRST_PICTURE_MS);
    // Beside the gateway that records: what is on its way is no difference.
    const command = [COMMANDS, 'reconcile', '--deep'];
    const { stdout } = await promisify(execFile)(process.execPath, command, {
      env: { PATH: process.env['PATH'], DATA_DIR: dataDir },
    });
    expect(stdout).toContain('catalogue, store and spool agree');
    await last.stop();
    // What was whole when it stopped is put by the next, which finds nothing more to record.
    await simulator.setListening(false);
    const next = await startKilledGateway(dataDir);
    await vi.waitFor(() => expect(spoolFiles(dataDir)).toEqual([]), { timeout: STORED_MS });
    await next.stop();

    const kept = await readKept(dataDir, cameraId, Date.now());
    expect(kept.unexplainedMs).toBe(0);
    return killedMs.map((atMs) => {
      const before = kept.recordings.filter(({ startMs }) => startMs < atMs).at(-1);
      return before === undefined ? Number.POSITIVE_INFINITY : atMs - before.endMs;
    });
  } finally {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}
