import type { Logger } from 'pino';
import { plainState } from '#ingest/live-states.ts';
import type { Cameras, StreamSource } from '#registry/cameras.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import type { Pulling } from './pulling.ts';

/** So late at most a camera that another gateway registered, closed or deleted is pulled and recorded here, or no more. */
const LOOK_MS = 10_000;

/**
 * Several gateways on one database pull every camera, and one of them records: what is registered, changed, closed or deleted
 * through another of them is done here too. The registry is asked for its state, a line of numbers; when that is another, for a mark
 * of each stream, and for the streams whose marks are others: only their secrets are opened.
 * Returns how to end it.
 */
export function followOthers(
  pulling: Pulling,
  deps: {
    cameras: Cameras;
    recording: Pick<RecordingService, 'setRecorded'>;
    log: Pick<Logger, 'error'>;
  },
  everyMs = LOOK_MS,
): { look: () => Promise<void>; stop: () => Promise<void> } {
  const { cameras, recording, log } = deps;
  let seen: string | undefined;
  /** What is pulled, as it was told here or read. */
  let pulled = new Set<string>();
  /** Marks of the streams as they were read. */
  let read: ReadonlyMap<string, string> = new Map();
  /** Changed through this gateway while the registry was read: what was told is newer than what was read. */
  let meanwhile = new Set<string>();
  const forget = cameras.onChanged(({ camera, source }) => {
    meanwhile.add(camera.id);
    if (source === null) pulled.delete(camera.id);
    else pulled.add(camera.id);
  });

  async function look(): Promise<void> {
    // First: what changes after it is seen at the next look.
    const state = await cameras.state();
    if (state === seen) return;
    meanwhile = new Set();
    const marks = await cameras.streamMarks();
    const others = [...marks].filter(([id, mark]) => read.get(id) !== mark).map(([id]) => id);
    const sources = await cameras.streamsOf(others);
    const gone = [...pulled].filter((id) => !marks.has(id) && !meanwhile.has(id));
    const left = new Map<string, boolean>();
    for (const id of gone) left.set(id, (await cameras.get(id)) !== undefined);
    const current = sources.filter(({ cameraId }) => !meanwhile.has(cameraId));
    for (const source of current) begin(source);
    // Whoever is pulled as it says is left alone.
    if (current.length > 0) pulling.pool.addAll(current);
    for (const [id, isRegistered] of left) if (!meanwhile.has(id)) end(id, isRegistered);
    const told = [...meanwhile].filter((id) => pulled.has(id));
    pulled = new Set([...[...marks.keys()].filter((id) => !meanwhile.has(id)), ...told]);
    // What was passed over, for it was told of meanwhile, may have been changed elsewhere too: it is read at the next look that reads.
    read = new Map([...marks].filter(([id]) => !meanwhile.has(id)));
    seen = state;
  }

  function begin({ cameraId, record }: StreamSource): void {
    recording.setRecorded(cameraId, record === true);
  }

  function end(cameraId: string, isRegistered: boolean): void {
    const { pool, liveStates, conditions } = pulling;
    recording.setRecorded(cameraId, false);
    pool.remove(cameraId);
    if (isRegistered) {
      liveStates.set(plainState(cameraId, 'not-linked', Date.now()));
      conditions.feed.notLinked(cameraId);
    } else {
      liveStates.remove(cameraId);
      conditions.feed.removed(cameraId);
    }
  }

  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look()
      // The database is away: it is asked again, and what has changed is seen then.
      .catch((err: unknown) => log.error({ err }, 'changes of other gateways not read'))
      .finally(() => (looking = undefined));
  }, everyMs).unref();
  return {
    look,
    async stop() {
      clearInterval(timer);
      forget();
      await looking;
    },
  };
}
