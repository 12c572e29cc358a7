import onvif from 'onvif';
import type { ObservedField } from '../provenance.ts';
import { channelsOf, type ChannelProfile } from './channels.ts';
import { DeviceAddressNotAllowed, DeviceReplyTooLarge, GuardedAgent } from './guarded-agent.ts';
import { offeredSnapshot, offeredStream, type OfferedAddress } from './offered-address.ts';
import {
  largest,
  largestFirst,
  readDeviceInformation,
  readEncoderResolutions,
  readProfiles,
  readSourceResolutions,
  readUri,
  resolutionText,
} from './readings.ts';
import { passwordDigest } from './username-token.ts';

export const probeResults = [
  'ok',
  'address-not-allowed',
  'refused',
  'unreachable',
  'timeout',
  'unauthorised',
  'not-onvif',
  'reply-too-large',
  'protocol-error',
] as const;
export type ProbeResult = (typeof probeResults)[number];

/** A value that a person may accept. */
export interface Suggestion {
  field: ObservedField;
  value: string | number;
  source: 'onvif';
}

export interface OfferedStream {
  /** From 1; a camera has one, a recorder box one for each of its cameras (channels.ts). */
  channel: number;
  profile: string | null;
  /** As the device calls it: H264, H265, JPEG. */
  encoding: string | null;
  resolution: string | null;
  /** What the encoder is set to give at most; not measured. */
  frameRate: number | null;
  stream: OfferedAddress | null;
  snapshot: OfferedAddress | null;
}

export interface DeviceProbe {
  result: ProbeResult;
  /** Technical, in English, never with a credential. */
  detail: string;
  suggestions: Suggestion[];
  /** By channel; of each the largest picture first. */
  streams: OfferedStream[];
  /** Channels whose addresses could not be asked within ADDRESSES_MS. */
  channelsLeftOut: number;
}

export interface ProbeOrder {
  /** Of a device service, as `deviceAddress` gives it. */
  address: string;
  username: string | null;
  password: string | null;
}

/** Of one request; the whole is bounded by whoever started the thread. */
const CALL_MS = 5_000;
/** For the addresses of all channels: a recorder of 64 answers 192 requests in some seconds, a slow one not all of them. */
const ADDRESSES_MS = 12_000;

/**
 * Asks one device what it is and which streams it has, with the `onvif` package. That believes what it reads: run this in a
 * thread that can be ended, with bounds on its heap and time (device-calls.ts).
 */
export async function probeDevice(
  order: ProbeOrder,
  isAllowed: (address: string) => boolean,
): Promise<DeviceProbe> {
  const conversation = new Conversation(order, isAllowed);
  try {
    return await probe(conversation, {
      deviceHost: new URL(order.address).hostname,
      isAllowed,
    });
  } catch (error) {
    return { ...failureOf(error), suggestions: [], streams: [], channelsLeftOut: 0 };
  } finally {
    conversation.close();
  }
}

async function probe(
  conversation: Conversation,
  check: { deviceHost: string; isAllowed: (address: string) => boolean },
): Promise<DeviceProbe> {
  const { cam } = conversation;
  // First: signatures carry the device's time (WS-Security UsernameToken Profile §3.1).
  await conversation.call((done) => cam.getSystemDateAndTime(done));
  // Before 2.1 there is GetCapabilities alone.
  const services = await conversation.optional((done) => cam.getServices(true, done));
  if (services === undefined) await conversation.call((done) => cam.getCapabilities(done));
  const { brand, model } = readDeviceInformation(
    await conversation.call((done) => cam.getDeviceInformation(done)),
  );
  const profiles = readProfiles(await conversation.profiles());
  const sources = readSourceResolutions(
    await conversation.optional((done) => cam.getVideoSources(done)),
  );
  const [main] = largestFirst(profiles);
  const options =
    main === undefined
      ? []
      : readEncoderResolutions(
          await conversation.optional((done) =>
            cam.getVideoEncoderConfigurationOptions({ profileToken: main.token }, done),
          ),
        );
  const channels = channelsOf(profiles);
  const { streams, channelsLeftOut } = await streamsOf(conversation, channels, check);
  if (brand === null && model === null && profiles.length === 0) {
    throw new Error('Wrong ONVIF SOAP response');
  }
  const values: Partial<Record<ObservedField, string | number | null>> = {
    brand,
    model,
    recordedResolution: resolutionText(main?.resolution ?? null),
    highestResolution: resolutionText(
      largest([...profiles.map(({ resolution }) => resolution), ...sources, ...options]),
    ),
    frameRate: main?.frameRate ?? null,
  };
  return {
    result: 'ok',
    detail: '',
    // What a recorder says of its largest channel is of no other.
    suggestions: suggestionsOf(channels.length > 1 ? { brand, model } : values),
    streams,
    channelsLeftOut,
  };
}

async function streamsOf(
  conversation: Conversation,
  channels: readonly (readonly ChannelProfile[])[],
  check: { deviceHost: string; isAllowed: (address: string) => boolean },
): Promise<Pick<DeviceProbe, 'streams' | 'channelsLeftOut'>> {
  const untilMs = performance.now() + ADDRESSES_MS;
  const streams: OfferedStream[] = [];
  for (const [index, profiles] of channels.entries()) {
    if (performance.now() > untilMs) return { streams, channelsLeftOut: channels.length - index };
    for (const one of profiles) streams.push(await streamOf(conversation, one, check));
  }
  return { streams, channelsLeftOut: 0 };
}

async function streamOf(
  conversation: Conversation,
  { channel, profile }: ChannelProfile,
  check: { deviceHost: string; isAllowed: (address: string) => boolean },
): Promise<OfferedStream> {
  const { cam } = conversation;
  const profileToken = profile.token;
  const stream = readUri(
    await conversation.optional((done) =>
      cam.getStreamUri({ protocol: 'RTSP', stream: 'RTP-Unicast', profileToken }, done),
    ),
  );
  const snapshot = readUri(
    await conversation.optional((done) => cam.getSnapshotUri({ profileToken }, done)),
  );
  return {
    channel,
    profile: profile.name,
    encoding: profile.encoding,
    resolution: resolutionText(profile.resolution),
    frameRate: profile.frameRate,
    stream: stream === undefined ? null : await offeredStream(stream, check),
    snapshot: snapshot === undefined ? null : await offeredSnapshot(snapshot, check),
  };
}

function suggestionsOf(
  values: Partial<Record<ObservedField, string | number | null>>,
): Suggestion[] {
  return (Object.entries(values) as [ObservedField, string | number | null][]).flatMap(
    ([field, value]) => (value === null ? [] : [{ field, value, source: 'onvif' as const }]),
  );
}

type Done = (error: Error | null, reply?: unknown) => void;

/** The calls to one device, one after the other; each ends in time, whatever the package makes of a reply. */
class Conversation {
  readonly cam: InstanceType<typeof onvif.Cam> & { media2Support?: boolean; timeShift?: number };
  #fail: (error: Error) => void = () => {};
  #refusal: Error | undefined;

  constructor({ address, username, password }: ProbeOrder, isAllowed: (at: string) => boolean) {
    const { hostname, port, pathname, search } = new URL(address);
    this.cam = new onvif.Cam({
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 80 : Number(port),
      path: pathname + search,
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password }),
      // It writes the name into its XML as it is. Such a name is sent by HTTP Digest alone.
      useWSSecurity: !/[<>&]/.test(username ?? ''),
      // Whatever address a device gives for its services: we, and the password with us, stay with the one that was named.
      preserveAddress: true,
      autoconnect: false,
      timeout: CALL_MS,
      agent: new GuardedAgent({
        isAllowed,
        onRefused: (error) => {
          this.#refusal ??= error;
          this.#fail(error);
        },
      }),
    });
    if (password !== null) {
      // The package's own is of ASCII passwords only. It has no option for another: this replaces it, and a test would tell if it stopped doing so.
      Object.assign(this.cam, {
        _passwordDigest: () =>
          passwordDigest(
            password,
            // The device's clock, as the package learnt it from its date and time.
            new Date(process.uptime() * 1000 + (this.cam.timeShift ?? 0)),
          ),
      });
    }
    // The package throws within its callbacks where a reply has not the shape that it expects.
    process.on('uncaughtException', this.#thrown);
  }

  close(): void {
    process.off('uncaughtException', this.#thrown);
  }

  /** What the device replied. Throws what went wrong. */
  async call(ask: (done: Done) => void): Promise<unknown> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#fail = reject;
    const timer = setTimeout(() => reject(new Error('Network timeout')), CALL_MS);
    try {
      ask((error, reply) => {
        if (error) reject(error);
        else resolve(reply);
      });
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#fail = () => {};
    }
  }

  /** The same for what a device need not have: undefined then. */
  async optional(ask: (done: Done) => void): Promise<unknown> {
    try {
      return await this.call(ask);
    } catch (error) {
      rethrowRefusal(error);
      return undefined;
    }
  }

  async profiles(): Promise<unknown> {
    const { cam } = this;
    const profiles = await this.optional((done) => cam.getProfiles(done));
    if (profiles !== undefined || cam.media2Support !== true) return profiles;
    // Some that announce Media 2 do not have it.
    cam.media2Support = false;
    return this.optional((done) => cam.getProfiles(done));
  }

  readonly #thrown = (error: Error): void => this.#fail(error);
}

/** What no further call would make better. */
function rethrowRefusal(error: unknown): void {
  if (error instanceof DeviceAddressNotAllowed || error instanceof DeviceReplyTooLarge) throw error;
  if (isUnauthorised(error)) throw error;
}

function failureOf(error: unknown): Pick<DeviceProbe, 'result' | 'detail'> {
  const message = error instanceof Error ? error.message : String(error);
  return { result: resultOf(error, message), detail: message.slice(0, 200) };
}

function resultOf(error: unknown, message: string): ProbeResult {
  if (error instanceof DeviceAddressNotAllowed) return 'address-not-allowed';
  if (error instanceof DeviceReplyTooLarge) return 'reply-too-large';
  if (isUnauthorised(error)) return 'unauthorised';
  if (message === 'Network timeout') return 'timeout';
  if (message === 'Wrong ONVIF SOAP response') return 'not-onvif';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'unreachable';
    default:
      return 'protocol-error';
  }
}

/** HTTP Digest that failed or was not offered, or a SOAP fault (ONVIF Core §5.9). */
function isUnauthorised(error: unknown): boolean {
  return (
    error instanceof Error && /digest auth|not ?authori[sz]ed|unauthori[sz]ed/i.test(error.message)
  );
}
