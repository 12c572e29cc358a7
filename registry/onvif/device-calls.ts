import { Worker } from 'node:worker_threads';
import type { DiscoveredDevice, DiscoveryOrder, DiscoveryProgress } from './discover.ts';
import type { DeviceProbe, ProbeOrder } from './probe.ts';

/** Threads at once; each holds replies of up to half a megabyte, and what is parsed of them. */
const MAX_AT_ONCE = 4;
/** From the first request to the answer, sixteen requests at most. */
export const PROBE_MS = 20_000;
const HEAP_MB = 128;

/** As many devices are asked as may be; the caller can come again. */
export class TooManyDeviceCalls extends Error {
  readonly code = 'too_many_device_calls';
  constructor() {
    super(`${MAX_AT_ONCE} devices or networks are being asked: try again in a moment`);
  }
}

/** Devices could not be looked for, by a fault of ours or of the line. */
export class DiscoveryFailed extends Error {
  readonly code = 'discovery_failed';
  constructor(reason: string) {
    super(`devices could not be looked for: ${reason}`);
  }
}

/** Whoever asked does not want it any more. */
export class DeviceCallCancelled extends Error {
  readonly code = 'device_call_cancelled';
}

/** What a thread of `workerUrl` is started with. */
export type DeviceCallOrder = { cameraNetworks: readonly string[] } & (
  { kind: 'probe'; order: ProbeOrder } | { kind: 'discover'; order: DiscoveryOrder }
);

/** What it tells: the last is its answer. */
export type DeviceCallMessage =
  { progress: DiscoveryProgress } | { answer: DeviceProbe | DiscoveredDevice[] };

type Outcome<Answer> =
  { answer: Answer } | { failed: 'timeout' | 'heap' | 'error' | 'cancelled'; detail: string };

interface CallOptions {
  /** Ends the thread. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DiscoveryProgress) => void) | undefined;
}

/**
 * Asks devices by ONVIF, each in a thread of its own: whatever a device replies can end that thread and nothing else. The
 * caller always gets an answer.
 */
export class DeviceCalls {
  readonly #workerUrl: URL;
  readonly #cameraNetworks: readonly string[];
  readonly #withinMs: number;
  readonly #running = new Set<Worker>();
  #count = 0;

  constructor(options: {
    /** The composition root of such a thread. */
    workerUrl: URL;
    cameraNetworks: readonly string[];
    withinMs?: number;
  }) {
    this.#workerUrl = options.workerUrl;
    this.#cameraNetworks = options.cameraNetworks;
    this.#withinMs = options.withinMs ?? PROBE_MS;
  }

  /** Throws TooManyDeviceCalls. */
  async probe(order: ProbeOrder): Promise<DeviceProbe> {
    const outcome = await this.#inThread<DeviceProbe>({
      kind: 'probe',
      order,
      cameraNetworks: this.#cameraNetworks,
    });
    if ('answer' in outcome) return outcome.answer;
    const result = {
      timeout: 'timeout',
      heap: 'reply-too-large',
      error: 'protocol-error',
      cancelled: 'timeout',
    } as const;
    return {
      result: result[outcome.failed],
      detail: outcome.detail,
      suggestions: [],
      streams: [],
      channelsLeftOut: 0,
    };
  }

  /** Throws TooManyDeviceCalls, DiscoveryFailed, DeviceCallCancelled. */
  async discover(order: DiscoveryOrder, options: CallOptions = {}): Promise<DiscoveredDevice[]> {
    const outcome = await this.#inThread<DiscoveredDevice[]>(
      { kind: 'discover', order, cameraNetworks: this.#cameraNetworks },
      options,
    );
    if ('answer' in outcome) return outcome.answer;
    if (outcome.failed === 'cancelled') throw new DeviceCallCancelled(outcome.detail);
    throw new DiscoveryFailed(outcome.detail);
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.terminate()));
  }

  async #inThread<Answer>(
    order: DeviceCallOrder,
    { signal, onProgress }: CallOptions = {},
  ): Promise<Outcome<Answer>> {
    if (this.#count >= MAX_AT_ONCE) throw new TooManyDeviceCalls();
    this.#count++;
    const worker = new Worker(this.#workerUrl, {
      workerData: order,
      name: 'onvif',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      // The package prints what devices reply.
      stdout: true,
      stderr: true,
    });
    worker.stdout.resume();
    worker.stderr.resume();
    this.#running.add(worker);
    const { promise, resolve } = Promise.withResolvers<Outcome<Answer>>();
    const timer = setTimeout(
      () => resolve({ failed: 'timeout', detail: 'the device did not come to an end' }),
      this.#withinMs,
    );
    const cancel = (): void => resolve({ failed: 'cancelled', detail: 'nobody waits for it' });
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted === true) cancel();
    worker.on('message', (message: { progress: DiscoveryProgress } | { answer: Answer }) => {
      if ('progress' in message) onProgress?.(message.progress);
      else resolve(message);
    });
    worker.once('error', (error) => resolve(failureOf(error)));
    worker.once('exit', () => resolve({ failed: 'error', detail: 'the thread was ended' }));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      this.#running.delete(worker);
      await worker.terminate();
      this.#count--;
    }
  }
}

function failureOf(error: unknown): { failed: 'heap' | 'error'; detail: string } {
  const detail = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
  const isHeap =
    error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return { failed: isHeap ? 'heap' : 'error', detail };
}
