import type { ConnectionTestResult } from './connection-test.ts';
import { NotDecoded } from './normalise/first-picture.ts';
import { stillOf } from './normalise/still.ts';
import type { StreamSource } from '#registry/cameras.ts';
import { ThrownAwayThreads } from '#registry/thrown-away-threads.ts';

/** Tests that run at once; each has a thread and up to 16 MB of media. */
const MAX_AT_ONCE = 4;
/** From dialling to the answer. A camera with a smart codec gives its first picture after up to 12 s. */
export const CONNECTION_TEST_MS = 25_000;
/** The thread is ended if it has not ended by itself this much later. */
const GRACE_MS = 3_000;
const HEAP_MB = 128;

/** As many tests run as may; the caller can come again. */
export class TooManyConnectionTests extends Error {
  readonly code = 'too_many_connection_tests';
  constructor() {
    super(`${MAX_AT_ONCE} connection tests are running: try again in a moment`);
  }
}

export type StillOutcome = 'made' | 'no_picture' | NotDecoded['code'];

export interface TestedConnection extends Omit<ConnectionTestResult, 'firstPictures'> {
  /** JPEG of the first picture. */
  still: Buffer | null;
  stillOutcome: StillOutcome;
}

/** What a thread of `workerUrl` is started with, and answers. */
export interface ConnectionTestOrder {
  source: StreamSource;
  cameraNetworks: readonly string[];
  withinMs: number;
}

/** Tries addresses, each in a thread that is thrown away. The caller always gets an answer. */
export class ConnectionTests {
  readonly #threads: ThrownAwayThreads<ConnectionTestOrder>;
  readonly #cameraNetworks: readonly string[];
  readonly #withinMs: number;
  /** Until the still is made as well. */
  #count = 0;

  constructor(options: {
    /** The composition root of such a thread. */
    workerUrl: URL;
    cameraNetworks: readonly string[];
    withinMs?: number;
  }) {
    this.#threads = new ThrownAwayThreads({
      url: options.workerUrl,
      name: 'connection-test',
      heapMb: HEAP_MB,
    });
    this.#cameraNetworks = options.cameraNetworks;
    this.#withinMs = options.withinMs ?? CONNECTION_TEST_MS;
  }

  /** Throws TooManyConnectionTests. */
  async run(source: StreamSource): Promise<TestedConnection> {
    if (this.#count >= MAX_AT_ONCE) throw new TooManyConnectionTests();
    this.#count++;
    try {
      const { firstPictures, ...tested } = await this.#inThread(source);
      return { ...tested, ...(await stillFrom(firstPictures)) };
    } finally {
      this.#count--;
    }
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    await this.#threads.stop();
  }

  async #inThread(source: StreamSource): Promise<ConnectionTestResult> {
    const order: ConnectionTestOrder = {
      source,
      cameraNetworks: this.#cameraNetworks,
      withinMs: this.#withinMs,
    };
    const outcome = await this.#threads.ask<ConnectionTestResult>(order, {
      withinMs: this.#withinMs + GRACE_MS,
    });
    if ('answer' in outcome) return outcome.answer;
    const reason = {
      timeout: 'timeout',
      memory: 'protocol-error',
      error: 'protocol-error',
      ended: 'worker-restarted',
      cancelled: 'worker-restarted',
    } as const;
    return withoutAnswer(reason[outcome.failed], outcome.detail);
  }
}

async function stillFrom(
  firstPictures: Uint8Array | null,
): Promise<Pick<TestedConnection, 'still' | 'stillOutcome'>> {
  if (firstPictures === null) return { still: null, stillOutcome: 'no_picture' };
  try {
    return { still: await stillOf(firstPictures), stillOutcome: 'made' };
  } catch (error) {
    if (!(error instanceof NotDecoded)) throw error;
    return { still: null, stillOutcome: error.code };
  }
}

function withoutAnswer(
  reason: NonNullable<ConnectionTestResult['reason']>,
  detail: string,
): ConnectionTestResult {
  return {
    reason,
    detail,
    transport: 'tcp',
    codec: null,
    width: null,
    height: null,
    frameRate: null,
    bitsPerSecond: null,
    clockOffsetMs: null,
    firstPictureMs: null,
    firstPictures: null,
  };
}
