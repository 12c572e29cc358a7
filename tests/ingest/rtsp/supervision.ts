import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { PartOutbox, readParts, type PartRecord } from '#ingest/part-records.ts';
import type { Transport } from '#ingest/rtsp/transport-choice.ts';
import { Supervisor } from '#ingest/supervisor.ts';
import type { SessionNotice, StateNotice } from '#ingest/worker-protocol.ts';
import type { StreamSource } from '#registry/cameras.ts';

const MB = 1024 * 1024;
const STEP_MS = 10;
const STEPS = 2_000;

/** A supervisor on the machine's clock, which `later` moves on; what it told is gathered. */
export function supervise(isAllowed: (address: string) => boolean = () => true) {
  let aheadMs = 0;
  const outbox = new PartOutbox();
  const supervisor = new Supervisor({
    cutting: { partAimMs: 100, segmentAimMs: 2000, segmentMaxMs: 6000 },
    pool: new ChunkPool({ maxBytes: 64 * MB, onSlab: () => {} }),
    outbox,
    isAllowed,
    clock: {
      monotonicMs: () => performance.now() + aheadMs,
      wallMs: () => Date.now() + aheadMs,
    },
    random: () => 0.5,
  });
  const states: StateNotice[] = [];
  const sessions: SessionNotice[] = [];
  const parts: PartRecord[] = [];
  const gather = (): void => {
    supervisor.tick();
    const notices = supervisor.takeNotices();
    states.push(...notices.states);
    sessions.push(...notices.sessions);
    readParts(
      outbox.take(),
      (part) => parts.push(part),
      () => {},
    );
  };
  return {
    supervisor,
    states,
    sessions,
    parts,
    later: (ms: number) => {
      aheadMs += ms;
      gather();
    },
    assign: (
      url: string,
      more: Partial<StreamSource> & { remembered?: Transport; slot?: number } = {},
    ) => {
      const { remembered, slot = 0, ...source } = more;
      supervisor.assign({
        slot,
        partTarget: undefined,
        transport: remembered,
        source: {
          cameraId: `camera ${slot}`,
          url,
          username: null,
          password: null,
          transport: 'auto',
          tls: { verify: 'system', fingerprint: null },
          sound: false,
          site: null,
          ...source,
        },
      });
    },
    until: async (holds: () => boolean, what: string): Promise<void> => {
      for (let step = 0; step < STEPS && !holds(); step++) {
        gather();
        await sleep(STEP_MS);
      }
      expect(holds(), `${what}; states: ${told(states).join(', ')}`).toBe(true);
    },
    told: () => told(states),
  };
}

function told(states: readonly StateNotice[]): string[] {
  return states.map((notice) =>
    notice.state === 'down' ? `${notice.failure.reason}: ${notice.failure.detail}` : notice.state,
  );
}
