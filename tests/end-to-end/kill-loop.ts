import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import { startSimulator } from '../simulator/rtsp-server.ts';
import { readKept, spoolFiles, startKilledGateway, type KilledGateway } from './killed-gateway.ts';

const COMMANDS = new URL('../../gateway/keeping-commands.ts', import.meta.url).pathname;
/** So much of a camera is recorded before a gateway is killed, and how long that may take. */
const FIRST_MS = 500;
const RECORDS_MS = 45_000;
const STORED_MS = 20_000;

/**
 * Kills a recording gateway `kills` times at random moments of its first seconds, and looks at what it kept: all that it
 * said was recorded. Returns how much was lost before each kill at most, ms: from the end of the footage to the kill.
 */
export async function killLoop(kills: number, random: () => number): Promise<number[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'killed-'));
  const simulator = await startSimulator({ cameras: { killed: { clip: 'small' } } });
  try {
    const killed: { toldMs: number; atMs: number }[] = [];
    let cameraId = '';
    for (let i = 0; i < kills; i++) {
      const gateway = await startKilledGateway(dataDir);
      if (cameraId === '') cameraId = await gateway.addCamera(simulator.url('killed'));
      await untilRecords(gateway, cameraId);
      await wait(random() * 2_500);
      const toldMs = await gateway.recordedTo(cameraId);
      killed.push({ toldMs, atMs: await gateway.kill() });
    }
    const last = await startKilledGateway(dataDir);
    await untilRecords(last, cameraId);
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
    return killed.map(({ toldMs, atMs }) => {
      const before = kept.recordings.filter(({ startMs }) => startMs < atMs).at(-1);
      const endMs = before?.endMs ?? Number.NEGATIVE_INFINITY;
      expect(endMs).toBeGreaterThanOrEqual(toldMs);
      return atMs - endMs;
    });
  } finally {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function untilRecords(gateway: KilledGateway, cameraId: string): Promise<void> {
  await vi.waitFor(
    async () =>
      expect(await gateway.recordedTo(cameraId)).toBeGreaterThan(gateway.startedMs + FIRST_MS),
    { timeout: RECORDS_MS, interval: 100 },
  );
}
