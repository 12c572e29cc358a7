import { arabic, numberOf } from '../typed-number.ts';
import type { Registered } from '../api/cameras.ts';
import { scopes } from './choices.ts';
import type { ChannelDraft } from './recorder-channels.ts';

/**
 * A camera as a form holds it while it is typed, and what of it goes to the API. Pure. Checks are those of
 * registry/camera.ts, said before anything is sent, in the owner's words (words/check); the gateway checks again.
 */
export interface Draft {
  owningAgency: string;
  position: string;
  latitude: string;
  longitude: string;
  lao: { name: string; district: string; province: string };
  scope: string;
  purposes: string[];
  linkedAgencies: string[];
  linkNetwork: string;
  linked: boolean;
  url: string;
  subUrl: string;
  snapshotUrl: string;
  username: string;
  /** Empty: the one that is kept stays. */
  password: string;
  transport: string;
  sound: boolean;
  record: boolean;
  site: string;
  brand: string;
  model: string;
  recordedResolution: string;
  highestResolution: string;
  retentionDays: string;
  frameRate: string;
  fileFormat: string;
  budgetSource: string;
  declared: string;
  declaredReason: string;
  /** What was accepted from what the camera said by ONVIF; a field that was typed over since is not of it any more. */
  readByOnvif: Partial<Record<ReadField | 'snapshotUrl', string>>;
  /** Other channels of the same recorder box, each to be registered as a camera of its own. */
  channels: ChannelDraft[];
}

/** Fields that a device can tell (registry/provenance.ts). */
const readFields = [
  'brand',
  'model',
  'recordedResolution',
  'highestResolution',
  'frameRate',
  'fileFormat',
] as const;
export type ReadField = (typeof readFields)[number];

export function isReadField(field: string): field is ReadField {
  return readFields.some((name) => name === field);
}

/** A change, or a new camera's fields, apart by how they came: typed, or accepted as they were read. */
export function byOrigin(
  draft: Draft,
  values: Readonly<Record<string, unknown>>,
): { typed: Record<string, unknown>; read: Record<string, unknown> } {
  const typed: Record<string, unknown> = {};
  const read: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(values)) {
    if (field === 'stream' && isSnapshotRead(draft, value)) {
      const { snapshotUrl, ...stream } = value;
      if (Object.keys(stream).length > 0) typed['stream'] = stream;
      // It may stand at another port than what is registered: the password that was typed for the device goes with it.
      read['stream'] = {
        snapshotUrl,
        ...(draft.password === '' ? {} : { password: draft.password }),
      };
      continue;
    }
    const accepted =
      isReadField(field) && draft[field] !== '' && draft.readByOnvif[field] === draft[field];
    (accepted ? read : typed)[field] = value;
  }
  return { typed, read };
}

function isSnapshotRead(draft: Draft, stream: unknown): stream is Record<string, unknown> {
  if (typeof stream !== 'object' || stream === null || !('snapshotUrl' in stream)) return false;
  return draft.snapshotUrl !== '' && draft.readByOnvif.snapshotUrl === draft.snapshotUrl;
}

export const emptyDraft: Draft = {
  owningAgency: '',
  position: '',
  latitude: '',
  longitude: '',
  lao: { name: '', district: '', province: '' },
  scope: scopes[0],
  purposes: [],
  linkedAgencies: [],
  linkNetwork: '',
  linked: false,
  url: '',
  subUrl: '',
  snapshotUrl: '',
  username: '',
  password: '',
  transport: 'auto',
  sound: false,
  record: true,
  site: '',
  brand: '',
  model: '',
  recordedResolution: '',
  highestResolution: '',
  retentionDays: '',
  frameRate: '',
  fileFormat: '',
  budgetSource: '',
  declared: 'working',
  declaredReason: '',
  readByOnvif: {},
  channels: [],
};

export function draftOf(camera: Registered): Draft {
  const { stream } = camera;
  return {
    owningAgency: camera.owningAgency,
    position: camera.position,
    latitude: text(camera.latitude),
    longitude: text(camera.longitude),
    lao: camera.lao,
    scope: camera.scope ?? scopes[0],
    purposes: camera.purposes,
    linkedAgencies: camera.linkedAgencies,
    linkNetwork: text(camera.linkNetwork),
    linked: stream !== null,
    url: stream?.url ?? '',
    subUrl: stream?.subUrl ?? '',
    snapshotUrl: stream?.snapshotUrl ?? '',
    username: stream?.username ?? '',
    password: '',
    transport: stream?.transport ?? 'auto',
    sound: stream?.sound ?? false,
    record: stream?.record ?? true,
    site: text(camera.site),
    brand: text(camera.brand),
    model: text(camera.model),
    recordedResolution: text(camera.recordedResolution),
    highestResolution: text(camera.highestResolution),
    retentionDays: text(camera.retentionDays),
    frameRate: text(camera.frameRate),
    fileFormat: text(camera.fileFormat),
    budgetSource: text(camera.budgetSource),
    declared: camera.declared ?? 'working',
    declaredReason: text(camera.declaredReason),
    readByOnvif: {},
    channels: [],
  };
}

/** The form for the next channel, when the camera before it is registered: what they have in common stays. */
export function nextChannel(draft: Draft): Draft | undefined {
  const [next, ...channels] = draft.channels;
  if (next === undefined) return undefined;
  const { recordedResolution, frameRate, snapshotUrl } = next;
  return {
    ...draft,
    ...next,
    // Another pole.
    latitude: '',
    longitude: '',
    readByOnvif: { ...draft.readByOnvif, recordedResolution, frameRate, snapshotUrl },
    channels,
  };
}

/** Names of words/check. */
export type Fault =
  | 'missing'
  | 'onePurpose'
  | 'resolution'
  | 'aboveHighest'
  | 'days'
  | 'rate'
  | 'coordinate'
  | 'bothCoordinates'
  | 'address'
  | 'snapshotAddress'
  | 'reason';

const MAX_RETENTION_DAYS = 36_500;
const MAX_FRAME_RATE = 240;

/** By field, as in the draft; `lao.name` and its like for the place. `aboveHighest` warns, and lets pass (forms.md §3). */
export function faultsOf(draft: Draft): Map<string, Fault> {
  const faults = new Map<string, Fault>();
  const required = (field: string, value: string): void => {
    if (value.trim() === '') faults.set(field, 'missing');
  };
  required('owningAgency', draft.owningAgency);
  required('position', draft.position);
  required('lao.province', draft.lao.province);
  required('lao.district', draft.lao.district);
  required('lao.name', draft.lao.name);
  required('budgetSource', draft.budgetSource);
  if (draft.purposes.length === 0) faults.set('purposes', 'onePurpose');
  checkCoordinates(draft, faults);
  for (const field of ['recordedResolution', 'highestResolution'] as const) {
    if (draft[field].trim() !== '' && resolutionOf(draft[field]) === undefined) {
      faults.set(field, 'resolution');
    }
  }
  if (isAboveHighest(draft)) faults.set('recordedResolution', 'aboveHighest');
  const days = draft.retentionDays.trim() === '' ? 1 : numberOf(draft.retentionDays);
  if (!Number.isInteger(days) || days < 1 || days > MAX_RETENTION_DAYS) {
    faults.set('retentionDays', 'days');
  }
  const rate = draft.frameRate.trim() === '' ? 1 : numberOf(draft.frameRate);
  if (!(rate > 0 && rate <= MAX_FRAME_RATE)) faults.set('frameRate', 'rate');
  if (isLinked(draft)) {
    if (!/^rtsps?:\/\/\S+$/iu.test(draft.url.trim())) faults.set('url', 'address');
    if (draft.subUrl.trim() !== '' && !/^rtsps?:\/\/\S+$/iu.test(draft.subUrl.trim())) {
      faults.set('subUrl', 'address');
    }
    if (draft.snapshotUrl.trim() !== '' && !/^http:\/\/\S+$/iu.test(draft.snapshotUrl.trim())) {
      faults.set('snapshotUrl', 'snapshotAddress');
    }
  }
  if (draft.declared === 'unrepairable') {
    if (draft.declaredReason.trim() === '') faults.set('declaredReason', 'reason');
  }
  return faults;
}

/** Those that keep a form from being sent. */
export function stopping(faults: ReadonlyMap<string, Fault>): string[] {
  return [...faults].filter(([, fault]) => fault !== 'aboveHighest').map(([field]) => field);
}

/** A camera in a closed area is counted, never linked (forms.md §3). */
export function isClosed({ scope }: Draft): boolean {
  return scope === 'closed-area';
}

export function isLinked(draft: Draft): boolean {
  return draft.linked && !isClosed(draft);
}

/** The body of POST /api/v1/cameras. */
export function newCameraOf(draft: Draft): Record<string, unknown> {
  return { ...fieldsOf(draft), stream: isLinked(draft) ? newStreamOf(draft) : null };
}

/** The body of PATCH: what differs from what was read, and nothing else. Empty: nothing was changed. */
export function changeOf(before: Draft, draft: Draft): Record<string, unknown> {
  const old: Record<string, unknown> = fieldsOf(before);
  const change: Record<string, unknown> = Object.fromEntries(
    Object.entries(fieldsOf(draft)).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field]),
    ),
  );
  if (!isLinked(draft)) {
    // A change to a closed area ends the link by itself.
    if (isLinked(before) && !isClosed(draft)) change['stream'] = null;
  } else if (!isLinked(before)) {
    change['stream'] = newStreamOf(draft);
  } else {
    const stream = streamChangeOf(before, draft);
    if (Object.keys(stream).length > 0) change['stream'] = stream;
  }
  return change;
}

const linkFields = [
  'linked',
  'url',
  'subUrl',
  'snapshotUrl',
  'username',
  'password',
  'transport',
  'sound',
  'record',
] as const satisfies readonly (keyof Draft)[];

/**
 * What was typed since `base` was read, on top of what others have saved since: a field that was not touched is theirs.
 * Where they have ended the link that was being changed, what was typed of it stays, and disputes theirs.
 */
export function onTopOf(theirs: Draft, base: Draft, draft: Draft): Draft {
  const isTouched = (field: keyof Draft): boolean =>
    JSON.stringify(draft[field]) !== JSON.stringify(base[field]);
  const keepsLink = isLinked(draft) && !isLinked(theirs) && linkFields.some(isTouched);
  const ofLink: readonly string[] = keepsLink ? [...linkFields, 'scope'] : [];
  const untouched = Object.entries(theirs).filter(
    ([field]) => !isTouched(field as keyof Draft) && !ofLink.includes(field),
  );
  return { ...draft, ...Object.fromEntries(untouched) };
}

/** Fields of a change that others have changed too: `changedSince` has their names, `stream.url` and its like for parts of a link. */
export function disputedFields(
  change: Readonly<Record<string, unknown>>,
  changedSince: readonly string[],
): Set<string> {
  const parts = Object.keys(change['stream'] ?? {}).map((part) => `stream.${part}`);
  const isWhole = change['stream'] === null;
  return new Set(
    Object.keys(change).filter((field) =>
      field === 'stream'
        ? changedSince.some(
            (name) =>
              name === field || parts.includes(name) || (isWhole && name.startsWith('stream.')),
          )
        : changedSince.includes(field),
    ),
  );
}

function fieldsOf(draft: Draft) {
  return {
    owningAgency: draft.owningAgency.trim(),
    position: draft.position.trim(),
    purposes: draft.purposes,
    linkedAgencies: isClosed(draft) ? [] : draft.linkedAgencies,
    linkNetwork: isClosed(draft) ? null : orNull(draft.linkNetwork),
    brand: orNull(draft.brand),
    model: orNull(draft.model),
    recordedResolution: resolutionOf(draft.recordedResolution) ?? orNull(draft.recordedResolution),
    highestResolution: resolutionOf(draft.highestResolution) ?? orNull(draft.highestResolution),
    retentionDays: numberOrNull(draft.retentionDays),
    frameRate: numberOrNull(draft.frameRate),
    fileFormat: orNull(draft.fileFormat),
    lao: {
      name: draft.lao.name.trim(),
      district: draft.lao.district.trim(),
      province: draft.lao.province.trim(),
    },
    budgetSource: draft.budgetSource.trim(),
    scope: draft.scope,
    declared: draft.declared,
    declaredReason: orNull(draft.declaredReason),
    latitude: numberOrNull(draft.latitude),
    longitude: numberOrNull(draft.longitude),
    site: orNull(draft.site),
  };
}

export function newStreamOf(draft: Draft) {
  return {
    url: draft.url.trim(),
    subUrl: orNull(draft.subUrl),
    snapshotUrl: orNull(draft.snapshotUrl),
    username: draft.username === '' ? null : draft.username,
    password: draft.password === '' ? null : draft.password,
    transport: draft.transport,
    sound: draft.sound,
    record: draft.record,
  };
}

function streamChangeOf(before: Draft, draft: Draft): Record<string, unknown> {
  const old: Record<string, unknown> = newStreamOf(before);
  return Object.fromEntries(
    Object.entries(newStreamOf(draft)).filter(
      ([field, value]) => value !== old[field] && !(field === 'password' && value === null),
    ),
  );
}

function checkCoordinates(draft: Draft, faults: Map<string, Fault>): void {
  const bounds = { latitude: 90, longitude: 180 } as const;
  for (const field of ['latitude', 'longitude'] as const) {
    if (draft[field].trim() === '') continue;
    const degrees = numberOf(draft[field]);
    if (!(Math.abs(degrees) <= bounds[field])) faults.set(field, 'coordinate');
  }
  const missing = draft.latitude.trim() === '' ? 'latitude' : 'longitude';
  if ((draft.latitude.trim() === '') !== (draft.longitude.trim() === '')) {
    faults.set(missing, 'bothCoordinates');
  }
}

function isAboveHighest(draft: Draft): boolean {
  const recorded = pixelsOf(draft.recordedResolution);
  const highest = pixelsOf(draft.highestResolution);
  return recorded !== undefined && highest !== undefined && recorded > highest;
}

function pixelsOf(typed: string): number | undefined {
  const [width, height] = resolutionOf(typed)?.split('x').map(Number) ?? [];
  return width === undefined || height === undefined ? undefined : width * height;
}

/** `1920 × 1080` in any of the ways that people type it, as the registry keeps it; undefined: it is none. */
export function resolutionOf(typed: string): string | undefined {
  const match = /^(\d{2,5})[x×*X](\d{2,5})$/u.exec(arabic(typed).replace(/[\s,]/gu, ''));
  return match === null ? undefined : `${Number(match[1])}x${Number(match[2])}`;
}

function numberOrNull(typed: string): number | null {
  return typed.trim() === '' ? null : numberOf(typed);
}

function text(value: string | number | null): string {
  return value === null ? '' : String(value);
}

function orNull(typed: string): string | null {
  return typed.trim() === '' ? null : typed.trim();
}
