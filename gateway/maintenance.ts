import type { Logger } from 'pino';
import type { LiveStateBoard } from '#ingest/live-states.ts';
import { checkRegistry } from '#registry/check-registry.ts';
import type { CameraEvents } from '#registry/events/camera-events.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import {
  AdminSocketNotPossible,
  openAdminSocket,
  type AdminCommand,
  type AdminSocket,
} from './admin-socket.ts';
import type { Foundation } from './foundation.ts';

/**
 * Answers maintenance commands (README.md) on the data folder's socket. Undefined where the system has no such socket, or the
 * folder's path is too long for one: they can wait.
 */
export async function openMaintenance(
  dataDir: string,
  {
    registry,
    box,
    liveStates,
    events,
    recording,
    log,
  }: Pick<Foundation, 'registry' | 'box'> & {
    liveStates: LiveStateBoard;
    events: Pick<CameraEvents, 'rebuild'>;
    recording: Pick<RecordingService, 'reconcile' | 'verify'>;
    log: Logger;
  },
): Promise<AdminSocket | undefined> {
  const commands: Readonly<Record<string, AdminCommand>> = {
    status: async () => ({ cameras: byState(liveStates) }),
    'rebuild-conditions': async () => ({ ...(await events.rebuild()) }),
    'check-registry': async () => ({ ...(await checkRegistry(registry, box)) }),
    reconcile: async ({ repair, deep, giveUp }) => ({
      ...(await recording.reconcile({
        repair: repair === 'true',
        deep: deep === 'true',
        giveUp,
      })),
    }),
    'verify-recordings': async ({ day }) => ({ ...(await recording.verify(day)) }),
  };
  try {
    return await openAdminSocket(dataDir, commands);
  } catch (error) {
    if (!(error instanceof AdminSocketNotPossible)) throw error;
    log.warn({ err: error }, 'maintenance commands cannot reach this server');
    return undefined;
  }
}

function byState(liveStates: LiveStateBoard): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of liveStates.all()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
