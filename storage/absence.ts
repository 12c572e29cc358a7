import {
  accountedToMs,
  changeGap,
  closeGap,
  closeGapsOf,
  insertGap,
  lastingGaps,
} from './catalogue/gaps.ts';
import { aliveToMs } from './catalogue/recording-process.ts';
import type { Catalogue } from './catalogue/tables.ts';

/** Why a camera is not recorded while no gateway records. */
const ABSENCE = { cause: 'gateway', detail: 'stopped' } as const;

/**
 * The time until now in which no process of ours recorded: from the end of a camera's last recording, or, of one that was not recorded then, from
 * where the process before this one was last known to run. No gap of before lasts after this.
 */
export async function accountForAbsence(
  catalogue: Catalogue,
  recorded: ReadonlySet<string>,
  {
    newId,
    nowMs,
    notedMs = 0,
  }: {
    newId: () => string;
    nowMs: number;
    /** Until when it ran by what it noted itself, while the catalogue could not be told. */
    notedMs?: number | undefined;
  },
): Promise<void> {
  // All cameras' of a gateway that was stopped as it should.
  await closeGapsOf(catalogue, ABSENCE, nowMs);
  const lasting = await lastingGaps(catalogue);
  const toldMs = (await aliveToMs(catalogue)) ?? nowMs;
  const aliveMs = Math.min(nowMs, Math.max(toldMs, notedMs));
  for (const cameraId of recorded) {
    if (lasting.has(cameraId)) {
      if (aliveMs < nowMs) {
        await changeGap(catalogue, newId(), { cameraId, startMs: aliveMs, ...ABSENCE });
      }
      await closeGap(catalogue, cameraId, nowMs);
      continue;
    }
    const startMs = await accountedToMs(catalogue, cameraId);
    if (startMs === undefined || startMs >= nowMs) continue;
    await insertGap(catalogue, newId(), { cameraId, startMs, endMs: nowMs, ...ABSENCE });
  }
}
