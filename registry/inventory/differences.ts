import {
  purposes,
  type Camera,
  type CameraChange,
  type NewCamera,
  type Purpose,
} from '../camera.ts';
import type { ComparedCamera } from '../compared-cameras.ts';
import { budgetSourceKey, laoKey } from '../managed-keys.ts';
import { matchKey } from '../thai-names.ts';
import { redactStreamAddress } from '../redact-stream-address.ts';
import { columns, purposesHeading } from './columns.ts';
import type { GivenCamera, GivenStream } from './row-reading.ts';

/** What a row would change of a camera, in the words of the workbook. */
export interface Difference {
  field: string;
  heading: string;
  before: string;
  after: string;
}

const plainFields = [
  'owningAgency',
  'position',
  'linkNetwork',
  'brand',
  'model',
  'recordedResolution',
  'highestResolution',
  'retentionDays',
  'frameRate',
  'fileFormat',
  'scope',
  'declared',
  'declaredReason',
  'latitude',
  'longitude',
  'site',
] as const satisfies readonly (keyof GivenCamera & keyof ComparedCamera)[];

/** A field as the workbook has it. */
export interface ShownValue {
  field: string;
  heading: string;
  value: string;
}

/** The first column of a field that has several names it: อปท., not its จังหวัด. */
const headings: ReadonlyMap<string, string> = new Map(
  columns
    .map(({ field, heading }): [string, string] => [
      field,
      field === 'purposes' ? purposesHeading : heading,
    ])
    .toReversed(),
);
const writers = new Map(columns.map(({ field, write }) => [field, write]));

/**
 * Compares a row with the camera as it is told. Two spellings of one LAO or budget source are no difference. A password
 * cannot be compared, for it is never given back: one that stands in the file is set anew.
 */
export function compare(
  existing: ComparedCamera,
  given: GivenCamera,
): { change: CameraChange; differences: Difference[] } {
  const change: Record<string, unknown> = {};
  const differences: Difference[] = [];
  const differ = (field: string, before: unknown, after: unknown): void => {
    differences.push({
      field,
      heading: headings.get(field) ?? field,
      before: shown(field, before),
      after: shown(field, after),
    });
  };
  // A camera whose area is closed loses its link, whether the file says so of the link or not.
  const isClosed = given.scope === 'closed-area';
  for (const field of plainFields) {
    const after = isClosed && field === 'linkNetwork' ? null : given[field];
    const before = existing[field];
    if (after === undefined || after === before) continue;
    if (field === 'site' && isSameName(before, after)) continue;
    change[field] = after;
    differ(field, before, after);
  }
  const purposesAfter = purposesOf(existing, given);
  if (!sameItems(existing.purposes, purposesAfter)) {
    change['purposes'] = purposesAfter;
    differ('purposes', existing.purposes, purposesAfter);
  }
  const agenciesAfter = isClosed ? [] : given.linkedAgencies;
  if (agenciesAfter !== undefined && !sameItems(existing.linkedAgencies, agenciesAfter)) {
    change['linkedAgencies'] = agenciesAfter;
    differ('linkedAgencies', existing.linkedAgencies, agenciesAfter);
  }
  if (!isSameLao(existing.lao, given.lao)) {
    change['lao'] = given.lao;
    differ('lao', existing.lao, given.lao);
  }
  if (
    existing.budgetSource !== given.budgetSource &&
    budgetSourceKey(existing.budgetSource) !== budgetSourceKey(given.budgetSource)
  ) {
    change['budgetSource'] = given.budgetSource;
    differ('budgetSource', existing.budgetSource, given.budgetSource);
  }
  const stream = compareStream(existing.stream, isClosed ? null : given.stream, differ);
  if (stream !== undefined) change['stream'] = stream;
  return { change, differences };
}

/** Every field of a camera that would be new, as it would be stored: what a person cannot see in the file. */
export function storedValues(camera: NewCamera): ShownValue[] {
  const fields = new Set(columns.map(({ field }) => field));
  return [...fields]
    .filter(
      (field) =>
        field !== 'id' &&
        (camera.stream !== null || field === 'stream.url' || !field.startsWith('stream.')),
    )
    .map((field) => ({
      field,
      heading: headings.get(field) ?? field,
      value: shown(field, storedValue(camera, field)),
    }));
}

function storedValue({ stream, ...camera }: NewCamera, field: string): unknown {
  switch (field) {
    case 'stream.url':
      return stream === null ? null : redactStreamAddress(stream.url);
    case 'stream.password':
      return stream?.password == null ? null : 'ตั้งไว้';
    default:
      return field.startsWith('stream.')
        ? stream?.[field.slice('stream.'.length) as keyof typeof stream]
        : camera[field as keyof typeof camera];
  }
}

function compareStream(
  existing: ComparedCamera['stream'],
  given: GivenStream | null | undefined,
  differ: (field: string, before: unknown, after: unknown) => void,
): CameraChange['stream'] | undefined {
  if (given === undefined) return undefined;
  if (given === null) {
    if (existing === null) return undefined;
    differ('stream.url', existing.url, null);
    if (existing.hasPassword) differ('stream.password', 'ตั้งไว้', null);
    return null;
  }
  const change: Record<string, unknown> = {};
  if (existing === null || redactStreamAddress(given.url) !== existing.url) {
    change['url'] = given.url;
    differ('stream.url', existing?.url ?? null, redactStreamAddress(given.url));
  }
  for (const field of ['username', 'transport', 'sound', 'record'] as const) {
    const after = given[field];
    if (after === undefined || after === (existing?.[field] ?? defaults[field])) continue;
    change[field] = after;
    differ(`stream.${field}`, existing?.[field] ?? null, after);
  }
  if (given.password !== undefined) {
    change['password'] = given.password;
    // Never shown, neither the old one nor the new.
    differ('stream.password', '', 'ตั้งใหม่');
  }
  if (Object.keys(change).length === 0) return undefined;
  return change;
}

const defaults = { username: null, transport: 'auto', sound: false, record: true } as const;

/** By another spelling it is the same site of the LAO. */
function isSameName(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' && matchKey(a) === matchKey(b);
}

function isSameLao(a: Camera['lao'], b: Camera['lao']): boolean {
  if (a.name === b.name && a.district === b.district && a.province === b.province) return true;
  return laoKey(a) === laoKey(b);
}

/** A purpose without a column in the file stays as it is registered. */
function purposesOf(existing: ComparedCamera, given: GivenCamera): readonly Purpose[] {
  const { purposes: chosen, purposesUnsaid } = given;
  if (purposesUnsaid.length === 0) return chosen;
  const kept = existing.purposes.filter((purpose) => purposesUnsaid.includes(purpose));
  return purposes.filter((purpose) => chosen.includes(purpose) || kept.includes(purpose));
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function shown(field: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) && value.length === 0) return '';
  if (field === 'purposes') {
    return (value as string[])
      .map((purpose) => columns.find(({ key }) => key === purpose)?.heading ?? purpose)
      .join(', ');
  }
  if (field === 'lao') {
    const { name, district, province } = value as Camera['lao'];
    return [name, district, province].join(' · ');
  }
  const written = writers.get(field)?.(value) ?? value;
  return typeof written === 'string' ? written : JSON.stringify(written);
}
