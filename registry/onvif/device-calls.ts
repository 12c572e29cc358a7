import {
  ThrownAwayThreads,
  type ThreadMessage,
  type ThreadOutcome,
} from '../thrown-away-threads.ts';
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

export type DeviceCallMessage = ThreadMessage<DeviceProbe | DiscoveredDevice[], DiscoveryProgress>;

interface CallOptions {
  /** Ends the thread. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DiscoveryProgress) => void) | undefined;
}

/** Asks devices by ONVIF, each in a thread that is thrown away. The caller always gets an answer. */
export class DeviceCalls {
  readonly #threads: ThrownAwayThreads<DeviceCallOrder, DiscoveryProgress>;
  readonly #cameraNetworks: readonly string[];
  readonly #withinMs: number;

  constructor(options: {
    /** The composition root of such a thread. */
    workerUrl: URL;
    cameraNetworks: readonly string[];
    withinMs?: number;
  }) {
    this.#threads = new ThrownAwayThreads({
      url: options.workerUrl,
      name: 'onvif',
      heapMb: HEAP_MB,
      // The package prints what devices reply.
      silent: true,
    });
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
      memory: 'reply-too-large',
      error: 'protocol-error',
      ended: 'protocol-error',
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
    await this.#threads.stop();
  }

  async #inThread<Answer>(
    order: DeviceCallOrder,
    options: CallOptions = {},
  ): Promise<ThreadOutcome<Answer>> {
    if (this.#threads.running >= MAX_AT_ONCE) throw new TooManyDeviceCalls();
    return this.#threads.ask<Answer>(order, {
      ...options,
      withinMs: this.#withinMs,
    });
  }
}
