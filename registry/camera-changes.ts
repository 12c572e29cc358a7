import { isDeepStrictEqual } from 'node:util';
import type { Camera, CameraChange, NewStream } from './camera.ts';
import { addressParts, closedAreaRule, newStream, saidOfLink, splitPart } from './camera.ts';
import type { Author } from './author.ts';
import { shownAddresses, type StreamAddresses, type StreamSecrets } from './stream-secrets.ts';
import { REDACTED, redactStreamAddress } from './redact-stream-address.ts';
import { deviceOf, StreamAddressNotValid } from './stream-address.ts';

/** What a change makes of a camera, and what it changed: pure, for history and for the refusal of stale edits. */

/** A camera with what is secret of its stream. */
export interface WholeCamera {
  camera: Camera;
  secrets: StreamSecrets;
}

/** Field, before, after. Of a secret only that there is one. */
export type FieldChange = [field: string, before: unknown, after: unknown];

/** One entry of a camera's history, newest first. */
export interface CameraVersion {
  version: number;
  atMs: number;
  action: 'created' | 'changed' | 'deleted' | 'restored';
  source: string;
  author: Author;
  changes: FieldChange[];
  reason: string | null;
}

/** The rules that a change can break which its own shape does not show. */
export class ChangeRefused extends Error {
  readonly code:
    | 'closed_area_never_linked'
    | 'credentials_needed_again'
    | 'coordinates_not_whole'
    | 'stream_not_valid';
  constructor(code: ChangeRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Fields that people give, in the order in which history tells them. */
const givenFields = [
  'owningAgency',
  'position',
  'purposes',
  'linkedAgencies',
  'linkNetwork',
  'brand',
  'model',
  'recordedResolution',
  'highestResolution',
  'retentionDays',
  'frameRate',
  'fileFormat',
  'lao',
  'budgetSource',
  'scope',
  'declared',
  'declaredReason',
  'latitude',
  'longitude',
  'site',
] as const satisfies readonly (keyof Camera & keyof CameraChange)[];

const streamParts = [
  ...addressParts,
  'username',
  'transport',
  'tls',
  'sound',
  'record',
] as const satisfies readonly (keyof NonNullable<Camera['stream']>)[];

export interface Changed {
  /** As `before`, with the change; its version and times are not brought up to date. */
  camera: Camera;
  /** What it is stored from; `secrets` and the whole addresses within. Null: not linked; undefined: as it was. */
  stream: NewStream | null | undefined;
  changes: FieldChange[];
}

/** What is secret of a stream is looked at where the change is about the stream. Throws ChangeRefused, StreamAddressNotValid. */
export function applyChange(whole: WholeCamera, change: CameraChange): Changed {
  const before = whole.camera;
  const camera: Camera = { ...before };
  for (const field of givenFields) {
    if (change[field] !== undefined) Object.assign(camera, { [field]: change[field] });
  }
  if ((camera.latitude === null) !== (camera.longitude === null)) {
    throw new ChangeRefused('coordinates_not_whole', 'latitude and longitude go together');
  }
  if (camera.scope === 'closed-area') {
    const [said] = saidOfLink(change);
    if (said !== undefined) {
      throw new ChangeRefused(
        'closed_area_never_linked',
        `${said}: a camera in a closed area is counted, never linked: ${closedAreaRule}`,
      );
    }
    // One whose area is closed now loses what is said of its link.
    camera.linkedAgencies = [];
    camera.linkNetwork = null;
  }
  const changes = givenFields
    .filter((field) => before[field] !== camera[field])
    .filter((field) => !isDeepStrictEqual(before[field], camera[field]))
    .map((field): FieldChange => [field, before[field], camera[field]]);
  const closes = camera.scope === 'closed-area' && before.stream !== null;
  if (change.stream === undefined && !closes) return { camera, stream: undefined, changes };
  const { secrets } = whole;
  // A camera whose area is closed now loses its link with it.
  const stream =
    camera.scope === 'closed-area' ? null : changedStream(before, secrets, change.stream);
  camera.stream = stream === null ? null : shownStream(stream);
  changes.push(...streamChanges(before, camera, secrets, stream));
  return { camera, stream, changes };
}

/** The camera as it read before these changes. */
export function undo(camera: Camera, changes: readonly FieldChange[]): Camera {
  const earlier: Record<string, unknown> = structuredClone(camera);
  for (const [field, before] of changes) {
    const [top = '', part] = field.split('.', 2);
    if (part === undefined) earlier[top] = before;
    else if (part !== 'password' && part !== 'secret') {
      // A stream that went with this change has the parts of it that were null before too. One that came has no address before it.
      const stream = { ...noParts, ...(earlier[top] as object | null), [part]: before };
      earlier[top] = part === 'url' && before === null ? null : stream;
      if (earlier[top] === null) break;
    }
  }
  return earlier as unknown as Camera;
}

const noParts = Object.fromEntries(streamParts.map((part) => [part, null]));

/** As it may be shown. */
export function shownStream(stream: NewStream): NonNullable<Camera['stream']> {
  const { username, transport, tls, sound, record } = stream;
  return { ...shownAddresses(stream), username, transport, tls, sound, record };
}

/** The whole of a stored stream. */
export function wholeStream({ camera, secrets }: WholeCamera): NewStream | null {
  if (camera.stream === null) return null;
  return {
    ...camera.stream,
    url: secrets.url ?? camera.stream.url,
    subUrl: secrets.subUrl ?? camera.stream.subUrl,
    snapshotUrl: secrets.snapshotUrl ?? camera.stream.snapshotUrl,
    password: secrets.password,
  };
}

function changedStream(
  camera: Camera,
  secrets: StreamSecrets,
  change: CameraChange['stream'],
): NewStream | null {
  const before = wholeStream({ camera, secrets });
  if (change === undefined) return before;
  if (change === null) return null;
  const base = before ?? { url: '' };
  const url = addressAfter(before?.url ?? null, change.url);
  const subUrl = addressAfter(before?.subUrl ?? null, change.subUrl);
  const snapshotUrl = addressAfter(before?.snapshotUrl ?? null, change.snapshotUrl);
  const parsed = newStream.safeParse({
    ...base,
    ...withoutUndefined(change),
    url: url ?? '',
    subUrl,
    snapshotUrl,
    // Credentials that are pasted within a new address replace those that were stored.
    ...(change.password === undefined && hasPassword(change) ? { password: null } : {}),
    ...(change.username === undefined && hasUsername(change) ? { username: null } : {}),
  });
  if (!parsed.success) {
    throw new ChangeRefused(
      'stream_not_valid',
      parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '),
    );
  }
  const stream = { ...parsed.data };
  const device = deviceOf(stream.url);
  const moves = before !== null && device !== deviceOf(before.url);
  const isSubElsewhere = stream.subUrl !== null && deviceOf(stream.subUrl) !== device;
  if (moves && change.subUrl === undefined && isSubElsewhere) {
    // The sub-stream is the former device's, which must not be told the password of the new one.
    stream.subUrl = null;
  }
  // So is the still picture, which stands at another port of it.
  if (moves && change.snapshotUrl === undefined) stream.snapshotUrl = null;
  const given = change.password !== undefined || hasPassword(change);
  if (before !== null && before.password !== null && !given) {
    // A stored password must not be led to a device of somebody else's choosing.
    const known = new Set(devicesOf(before));
    if (devicesOf(stream).some((device) => !known.has(device))) {
      throw new ChangeRefused(
        'credentials_needed_again',
        'the address leads to another device: give its password with it, or null',
      );
    }
  }
  return stream;
}

/** As it was shown, it is as it was. */
function addressAfter(before: string | null, given: string | null | undefined): string | null {
  if (given === undefined) return before;
  if (given === null) return null;
  if (before !== null && given === redactStreamAddress(before)) return before;
  if (given.includes(REDACTED)) {
    throw new StreamAddressNotValid(`${REDACTED} stands where its password was: type it in again`);
  }
  return given;
}

function hasPassword(change: NonNullable<CameraChange['stream']>): boolean {
  return pasted(change).some(({ password }) => password !== null);
}

function hasUsername(change: NonNullable<CameraChange['stream']>): boolean {
  return pasted(change).some(({ username }) => username !== null);
}

/** Addresses of a change that can be read; the others are refused in words later. */
function pasted(change: NonNullable<CameraChange['stream']>) {
  return addressParts.flatMap((part) => {
    const address = change[part];
    if (address === undefined || address === null) return [];
    try {
      return [splitPart(part, address)];
    } catch (error) {
      if (error instanceof StreamAddressNotValid) return [];
      throw error;
    }
  });
}

function devicesOf({ url, subUrl, snapshotUrl }: StreamAddresses): string[] {
  return [url, subUrl, snapshotUrl].filter((address) => address !== null).map(deviceOf);
}

function streamChanges(
  before: Camera,
  after: Camera,
  secrets: StreamSecrets,
  stream: NewStream | null,
): FieldChange[] {
  const changes = streamParts
    .map((part): FieldChange => [
      `stream.${part}`,
      before.stream?.[part] ?? null,
      after.stream?.[part] ?? null,
    ])
    .filter(([, old, now]) => !isDeepStrictEqual(old, now));
  const password = stream?.password ?? null;
  if (secrets.password !== password) {
    changes.push(['stream.password', isSet(secrets.password), isSet(password)]);
  }
  const whole = wholeStream({ camera: before, secrets });
  const sameAddress = addressParts.every((part) => whole?.[part] === stream?.[part]);
  if (changes.length === 0 && !sameAddress) {
    // Only what *** stands for.
    changes.push(['stream.secret', 'set', 'set']);
  }
  return changes;
}

function isSet(secret: string | null): 'set' | null {
  return secret === null ? null : 'set';
}

function withoutUndefined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== undefined),
  ) as Partial<Value>;
}
