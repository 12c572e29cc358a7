import { ConditionFeed } from '#ingest/condition/condition-feed.ts';
import { decodeLook } from '#ingest/condition/decode-look.ts';
import { PictureLooks } from '#ingest/condition/picture-looks.ts';
import type { LivenessRules } from '#ingest/liveness.ts';
import { canDecode } from '#ingest/normalise/first-picture.ts';
import type { ConditionSettings } from '#ingest/worker-protocol.ts';
import type { StreamBaselines } from '#registry/stream-baselines.ts';
import type { StreamBaseline } from '#registry/usual-stream.ts';

/** Baselines that were learnt and wait to be stored, at most; a later one of the same stream takes an earlier one's place. */
const MAX_WAITING = 20_000;
const STORE_MS = 5_000;

export interface Conditions {
  feed: ConditionFeed;
  /** Undefined: pictures cannot be decoded here. */
  looks: PictureLooks | undefined;
  settings: ConditionSettings;
  /** The camera's stream is another, or its own again: what is usual for it is read, and told. */
  streamChanged(cameraId: string, onBaseline: (baseline: StreamBaseline) => void): Promise<void>;
  /** Stores what waits, and ends. */
  close(): Promise<void>;
}

/** What the process has for conditions besides its workers: the feed, looks at pictures, and baselines kept. */
export async function openConditions(options: {
  rules: LivenessRules;
  baselines: StreamBaselines;
  log: {
    warn: (fields: object, message: string) => void;
    error: (fields: object, message: string) => void;
  };
}): Promise<Conditions> {
  const { rules, baselines, log } = options;
  const feed = new ConditionFeed({ now: Date.now });
  for (const [cameraId, baseline] of await baselines.all()) feed.setBaseline(cameraId, baseline);
  const canLook = await canDecode();
  if (!canLook) {
    log.warn(
      {},
      'ffmpeg is not installed: black pictures and pictures without a signal are not found, and frozen ones only when they are the same byte by byte',
    );
  }
  const looks = canLook
    ? new PictureLooks({ decode: decodeLook, monotonicMs: () => performance.now() })
    : undefined;

  const waiting = new Map<string, () => Promise<void>>();
  feed.onLearnt((cameraId, light, usual) => {
    if (waiting.size >= MAX_WAITING) return;
    waiting.set(`${cameraId} ${light}`, () => baselines.learn(cameraId, light, usual));
  });
  let storing: Promise<void> | undefined;
  async function store(): Promise<void> {
    for (const [key, write] of waiting) {
      waiting.delete(key);
      try {
        await write();
      } catch (error) {
        // Learnt again after the next start.
        log.error({ err: error }, 'what is usual for a stream was not stored');
      }
    }
  }
  const timer = setInterval(() => {
    storing ??= store().finally(() => (storing = undefined));
  }, STORE_MS);
  timer.unref();

  return {
    feed,
    looks,
    settings: { rules, canLook },
    async streamChanged(cameraId, onBaseline) {
      feed.forgetBaseline(cameraId);
      try {
        const baseline = await baselines.get(cameraId);
        feed.setBaseline(cameraId, baseline);
        onBaseline(baseline);
      } catch (error) {
        log.error({ err: error, cameraId }, 'what is usual for a stream was not read');
      }
    },
    async close() {
      clearInterval(timer);
      looks?.close();
      await storing;
      await store();
    },
  };
}
