import { lookup as systemLookup } from 'node:dns';
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';

/** Of one connection, headers and body. The largest of the recorded replies has 73 KB (certificates), of those asked for here 27. */
export const MAX_REPLY_BYTES = 512 * 1024;

/** Where no camera may be, by `CAMERA_NETWORKS`. */
export class DeviceAddressNotAllowed extends Error {
  readonly code = 'device_address_not_allowed';
  constructor(address: string) {
    super(`${address} is outside the networks that cameras may be in`);
  }
}

/** A device sent more than any reply needs. */
export class DeviceReplyTooLarge extends Error {
  readonly code = 'device_reply_too_large';
  constructor(maxBytes: number) {
    super(`a reply of more than ${maxBytes} bytes`);
  }
}

/**
 * Opens the connections of an HTTP client that knows no bounds of its own: only to addresses that `isAllowed`, asked after
 * DNS and again of the address that was reached, and each ends after `maxReplyBytes`. `onRefused` is told at once: the
 * client may not notice that its reply ended early.
 */
export class GuardedAgent extends Agent {
  readonly #isAllowed: (address: string) => boolean;
  readonly #onRefused: (error: Error) => void;
  readonly #maxReplyBytes: number;

  constructor(options: {
    isAllowed: (address: string) => boolean;
    onRefused: (error: Error) => void;
    /** Of one connection, headers and body. */
    maxReplyBytes?: number;
  }) {
    super({ keepAlive: false });
    this.#isAllowed = options.isAllowed;
    this.#onRefused = options.onRefused;
    this.#maxReplyBytes = options.maxReplyBytes ?? MAX_REPLY_BYTES;
  }

  override createConnection(
    { host, port }: ClientRequestArgs,
    callback?: (error: Error | null, stream: Socket) => void,
  ): Socket | undefined {
    const target = host ?? '';
    if (isIP(target) !== 0 && !this.#isAllowed(target)) {
      const error = new DeviceAddressNotAllowed(target);
      this.#onRefused(error);
      // Node asks for a stream here even where there is none.
      callback?.(error, undefined as unknown as Socket);
      return undefined;
    }
    const socket = connect({
      host: target,
      port: Number(port),
      lookup: this.#lookup,
      autoSelectFamily: false,
    });
    const refuse = (error: Error) => {
      this.#onRefused(error);
      socket.destroy(error);
    };
    socket.once('connect', () => {
      const reached = socket.remoteAddress ?? '';
      if (!this.#isAllowed(reached)) refuse(new DeviceAddressNotAllowed(reached));
    });
    socket.on('data', () => {
      if (socket.bytesRead > this.#maxReplyBytes)
        refuse(new DeviceReplyTooLarge(this.#maxReplyBytes));
    });
    return socket;
  }

  readonly #lookup: LookupFunction = (hostname, _options, callback) => {
    systemLookup(hostname, { all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const allowed = addresses.find(({ address }) => this.#isAllowed(address));
      if (allowed === undefined) {
        const refusal = new DeviceAddressNotAllowed(hostname);
        this.#onRefused(refusal);
        callback(refusal, '', 0);
        return;
      }
      callback(null, allowed.address, allowed.family);
    });
  };
}
