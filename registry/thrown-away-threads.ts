import { Worker } from 'node:worker_threads';

/** What a thread tells while it works, and last its answer. */
export type ThreadMessage<Answer, Progress = never> = { progress: Progress } | { answer: Answer };

export type ThreadOutcome<Answer> =
  | { answer: Answer }
  /** `ended`: without an answer, as by `stop`. `detail` of `error` and `memory` is what was thrown, 200 characters of it. */
  | { failed: 'timeout' | 'memory' | 'error' | 'ended' | 'cancelled'; detail: string };

const MAX_DETAIL = 200;

/**
 * A thread for each question, thrown away with its answer: whatever a device sends or a file holds can end that thread and nothing
 * else, and whoever asked always gets an outcome. How many run at once is bounded by whoever asks (`running`).
 */
export class ThrownAwayThreads<Order, Progress = never> {
  readonly #url: URL;
  readonly #name: string;
  readonly #heapMb: number;
  readonly #silent: boolean;
  readonly #running = new Set<Worker>();

  constructor(options: {
    /** A module that posts ThreadMessages and ends with the answer. */
    url: URL;
    name: string;
    heapMb: number;
    /** What it prints is not shown. */
    silent?: boolean;
  }) {
    this.#url = options.url;
    this.#name = options.name;
    this.#heapMb = options.heapMb;
    this.#silent = options.silent ?? false;
  }

  get running(): number {
    return this.#running.size;
  }

  /** `order` is the thread's `workerData`; `handedOver` buffers of it are gone here. */
  async ask<Answer>(
    order: Order,
    options: {
      withinMs: number;
      signal?: AbortSignal | undefined;
      onProgress?: ((progress: Progress) => void) | undefined;
      handedOver?: readonly ArrayBuffer[];
    },
  ): Promise<ThreadOutcome<Answer>> {
    const { withinMs, signal, onProgress, handedOver = [] } = options;
    const thread = new Worker(this.#url, {
      workerData: order,
      transferList: [...handedOver],
      name: this.#name,
      resourceLimits: { maxOldGenerationSizeMb: this.#heapMb },
      stdout: this.#silent,
      stderr: this.#silent,
    });
    if (this.#silent) {
      thread.stdout.resume();
      thread.stderr.resume();
    }
    this.#running.add(thread);
    const { promise, resolve } = Promise.withResolvers<ThreadOutcome<Answer>>();
    const timer = setTimeout(
      () => resolve({ failed: 'timeout', detail: `no answer within ${withinMs} ms` }),
      withinMs,
    );
    const cancel = (): void => resolve({ failed: 'cancelled', detail: 'nobody waits for it' });
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted === true) cancel();
    thread.on('message', (message: ThreadMessage<Answer, Progress>) => {
      if ('progress' in message) onProgress?.(message.progress);
      else resolve(message);
    });
    thread.once('error', (error) => resolve(failureOf(error)));
    thread.once('exit', () => resolve({ failed: 'ended', detail: 'the thread was ended' }));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      await thread.terminate();
      this.#running.delete(thread);
    }
  }

  /** Ends what runs; whoever waits for it gets `ended`. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running].map((thread) => thread.terminate()));
  }
}

function failureOf(error: unknown): { failed: 'memory' | 'error'; detail: string } {
  const detail = error instanceof Error ? error.message.slice(0, MAX_DETAIL) : 'unknown';
  const isMemory =
    error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return { failed: isMemory ? 'memory' : 'error', detail };
}
