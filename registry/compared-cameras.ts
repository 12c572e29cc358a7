import { createHash } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { contains, type Area, type Place } from './area.ts';
import { findDistrict, findProvince } from './areas/official-areas.ts';
import { purposes, type Camera, type Purpose, type Stream } from './camera.ts';
import { agenciesOf } from './camera-rows.ts';
import { formerNames, formerSources, type FormerName } from './former-names.ts';
import { deletedAmong, type DeletedCamera } from './deleted-cameras.ts';
import {
  leadingRows,
  leadingSources,
  type ListedNames,
  type LeadingRow,
  type LeadingSite,
  type LeadingSource,
} from './leading-names.ts';
import { REDACTED } from './redact-stream-address.ts';
import type { RegistryTables } from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import { openSecrets } from './stream-secrets.ts';
import { districtKey, matchKey, provinceKey } from './thai-names.ts';

/**
 * Registered cameras as the rows of an inventory are compared with them, in few statements: of a file of the whole country
 * those are all that there are. They go to the thread that compares as bare values, for with the names of 30 fields at each
 * camera the copying alone would take longer than the comparison.
 */

/** Which cameras rows may be about. */
export interface WantedCameras {
  /** Ascending. */
  ids: readonly string[];
  /** Of rows without an id, and of those with one, which are wanted only where none of the ids is known. */
  districts: readonly NamedDistrict[];
  districtsOfIds: readonly NamedDistrict[];
}

/** By any spelling. */
export interface NamedDistrict {
  province: string;
  district: string;
}

/** What of a camera is compared. */
export type ComparedCamera = Omit<
  Camera,
  'stream' | 'createdAt' | 'updatedAt' | 'declaredAt' | 'scopeAttested'
> & { stream: ComparedStream | null };
export type ComparedStream = Pick<
  Stream,
  'url' | 'subUrl' | 'username' | 'transport' | 'sound' | 'record'
> & { hasPassword: boolean };

/** A compared camera's values, in the order of its fields below. */
export type ComparedRow = readonly [
  id: string,
  version: number,
  owningAgency: string,
  position: string,
  purposes: Purpose[],
  linkedAgencies: string[],
  linkNetwork: string | null,
  brand: string | null,
  model: string | null,
  recordedResolution: string | null,
  highestResolution: string | null,
  retentionDays: number | null,
  frameRate: number | null,
  fileFormat: string | null,
  laoName: string,
  laoDistrict: string,
  laoProvince: string,
  budgetSource: string,
  scope: Camera['scope'],
  declared: Camera['declared'],
  declaredReason: string | null,
  latitude: number | null,
  longitude: number | null,
  site: string | null,
  /** Null: not linked. */
  url: string | null,
  subUrl: string | null,
  username: string | null,
  hasPassword: boolean,
  transport: Stream['transport'] | null,
  sound: boolean,
  record: boolean,
];

/** Cameras in one answer of the database. */
const PAGE = 500;
/** Ids, or LAOs, that one statement names; an LAO of the country has some 40 cameras. */
const IDS_AT_ONCE = 500;
const LAOS_AT_ONCE = 20;
/** Statements under way: while the database looks for one page, the one before is handed on. */
const READ_AT_ONCE = 3;
/** Names of sites that lead to others, read at once; what is beyond them looks changed in a dry run, and is not. */
const MAX_LEADING_SITES = 20_000;
/** Rows of a list of names in one answer. */
const NAMES_PAGE = 1_000;

export interface ComparedReading {
  /** Nothing outside of these is told. Empty: nothing at all. */
  within: readonly Area[];
  /** Page by page. Left out: only versions are read. */
  tell?: ((rows: readonly ComparedRow[]) => void) | undefined;
  /** Once, before any row: the names that the lists have and had, wherever LAOs lie. */
  tellNames?: ((names: ListedNames) => void) | undefined;
  /** Of the ids, those of cameras that were deleted. */
  tellDeleted?: ((cameras: readonly DeletedCamera[]) => void) | undefined;
  /** False ends the reading early. */
  goesOn: () => boolean;
}

/**
 * Reads them, and returns what stands for all that was read: versions of cameras, and names of what they are registered
 * under, which change without a version. The same text at another time means that nothing of it has changed.
 */
export async function readCompared(
  database: Kysely<RegistryTables>,
  box: SecretBox,
  { ids, districts, districtsOfIds }: WantedCameras,
  { within, tell, tellNames, tellDeleted, goesOn }: ComparedReading,
): Promise<string> {
  const names = await namesWithin(database, within);
  await othersTurn();
  tellNames?.({
    laos: names.leading.map(({ key, why, to }) => ({ key, why, to })),
    budgetSources: names.leadingSources,
    sites: names.leadingSites,
    known: names.known,
  });
  const digest = createHash('sha256').update(names.text);
  const reader = { database, box, names, tell, tellDeleted, goesOn };
  const byId = await readParts(reader, parts('id', ids, IDS_AT_ONCE));
  digest.update(byId.text);
  const areOurs = byId.found > 0;
  await othersTurn();
  const laos = laosOf(names, areOurs ? districts : [...districts, ...districtsOfIds]);
  const byLao = await readParts(reader, parts('lao_id', laos, LAOS_AT_ONCE));
  return digest.update(byLao.text).digest('hex');
}

/** Cameras that one statement asks for: by their ids or their LAOs. */
interface Part {
  column: 'id' | 'lao_id';
  among: readonly string[];
}

interface Reader extends Pick<ComparedReading, 'tell' | 'tellDeleted' | 'goesOn'> {
  database: Kysely<RegistryTables>;
  box: SecretBox;
  names: Names;
}

function parts(column: Part['column'], ids: readonly string[], atOnce: number): Part[] {
  const all: Part[] = [];
  for (let at = 0; at < ids.length; at += atOnce) {
    all.push({ column, among: ids.slice(at, at + atOnce) });
  }
  return all;
}

async function readParts(
  reader: Reader,
  all: readonly Part[],
): Promise<{ text: string; found: number }> {
  const texts: string[] = [];
  let found = 0;
  const open = all.entries();
  const one = async (): Promise<void> => {
    // One iterator for all: each takes the next.
    for (const [index, part] of open) {
      const read = await readPart(reader, part);
      texts[index] = read.text;
      found += read.found;
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, one));
  return { text: texts.join('\n'), found };
}

async function readPart(reader: Reader, part: Part): Promise<{ text: string; found: number }> {
  const { database, names, tell, tellDeleted, goesOn } = reader;
  const digest = createHash('sha256');
  const missing = new Set(part.column === 'id' ? part.among : []);
  let found = 0;
  let after: string | undefined;
  do {
    if (!goesOn()) break;
    const page: readonly { id: string; lao_id: string; version: number }[] =
      tell === undefined
        ? await versions(database, part, after).execute()
        : await tellPage(reader, part, after, tell);
    const ours = page.filter(({ lao_id }) => names.laos.has(lao_id));
    digest.update(ours.map(({ id, version }) => `${id} ${version}`).join());
    found += ours.length;
    for (const { id } of page) missing.delete(id);
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
  } while (after !== undefined);
  const deleted = (await deletedAmong(database, [...missing])).filter(({ laoId }) =>
    names.laos.has(laoId),
  );
  digest.update(JSON.stringify(deleted));
  if (deleted.length > 0) tellDeleted?.(deleted);
  // A file that names one is this registry's too.
  return { text: digest.digest('hex'), found: found + deleted.length };
}

async function tellPage(
  { database, box, names }: Reader,
  part: Part,
  after: string | undefined,
  tell: NonNullable<ComparedReading['tell']>,
) {
  const page = await wholeRows(database, part, after).execute();
  const ours = page.filter(({ lao_id }) => names.laos.has(lao_id));
  if (ours.length === 0) return page;
  const linked = await agenciesOf(database, ours);
  const secretAddress = await withPasswordAndSecretAddress(database, box, ours);
  const hasPassword = (row: WholeRow): boolean =>
    hasSecretAddress(row) ? secretAddress.has(row.id) : row.has_secrets === 1;
  tell(ours.map((row) => comparedRow(row, linked.get(row.id) ?? [], hasPassword(row), names)));
  return page;
}

/** Of those whose address holds a secret, which is sealed with the password: they are few, and opened one by one. */
async function withPasswordAndSecretAddress(
  database: Kysely<RegistryTables>,
  box: SecretBox,
  rows: readonly WholeRow[],
): Promise<Set<string>> {
  const ids = rows.filter(hasSecretAddress).map(({ id }) => id);
  if (ids.length === 0) return new Set();
  const sealed = await database
    .selectFrom('stream_credentials')
    .select(['camera_id', 'sealed'])
    .where('camera_id', 'in', ids)
    .execute();
  const withPassword = sealed.filter(
    (row) => openSecrets(box, row.camera_id, row.sealed).password !== null,
  );
  return new Set(withPassword.map(({ camera_id }) => camera_id));
}

function hasSecretAddress({ url, sub_url, snapshot_url }: WholeRow): boolean {
  return [url, sub_url, snapshot_url].some((address) => address?.includes(REDACTED));
}

function versions(
  database: Kysely<RegistryTables>,
  { column, among }: Part,
  after: string | undefined,
) {
  const query = database
    .selectFrom('cameras')
    .select(['cameras.id', 'cameras.lao_id', 'cameras.version'])
    .where(`cameras.${column}`, 'in', among)
    .where('cameras.deleted_at_ms', 'is', null)
    .orderBy('cameras.id')
    .limit(PAGE);
  return after === undefined ? query : query.where('cameras.id', '>', after);
}

function wholeRows(database: Kysely<RegistryTables>, part: Part, after: string | undefined) {
  return versions(database, part, after)
    .leftJoin('sites', 'sites.id', 'cameras.site_id')
    .leftJoin('streams', 'streams.camera_id', 'cameras.id')
    .leftJoin('stream_credentials', 'stream_credentials.camera_id', 'cameras.id')
    .select([
      'cameras.owning_agency',
      'cameras.position',
      'cameras.purpose_prevention',
      'cameras.purpose_investigation',
      'cameras.purpose_traffic',
      'cameras.link_network',
      'cameras.brand',
      'cameras.model',
      'cameras.recorded_resolution',
      'cameras.highest_resolution',
      'cameras.retention_days',
      'cameras.frame_rate',
      'cameras.file_format',
      'cameras.budget_source_id',
      'cameras.scope',
      'cameras.declared',
      'cameras.declared_reason',
      'cameras.latitude',
      'cameras.longitude',
      'sites.name as site',
      'streams.url',
      'streams.sub_url',
      'streams.snapshot_url',
      'streams.transport',
      'streams.sound',
      'streams.record',
      'stream_credentials.username',
      sql<number>`case when stream_credentials.sealed is null then 0 else 1 end`.as('has_secrets'),
    ]);
}

type WholeRow = Awaited<ReturnType<ReturnType<typeof wholeRows>['execute']>>[number];

function comparedRow(
  row: WholeRow,
  linkedAgencies: string[],
  hasPassword: boolean,
  names: Names,
): ComparedRow {
  const lao = names.laos.get(row.lao_id) ?? { name: '', district: '', province: '' };
  return [
    row.id,
    row.version,
    row.owning_agency,
    row.position,
    purposes.filter((purpose) => row[`purpose_${purpose}`] === 1),
    linkedAgencies,
    row.link_network,
    row.brand,
    row.model,
    row.recorded_resolution,
    row.highest_resolution,
    row.retention_days,
    row.frame_rate,
    row.file_format,
    lao.name,
    lao.district,
    lao.province,
    names.budgetSources.get(row.budget_source_id) ?? '',
    row.scope,
    row.declared,
    row.declared_reason,
    row.latitude,
    row.longitude,
    row.site,
    row.url,
    row.sub_url,
    row.username,
    hasPassword,
    row.transport,
    row.sound === 1,
    row.record === 1,
  ];
}

/** What cameras are registered under, by id, and a text that stands for all of it. */
interface Names {
  /** Within the areas. */
  laos: ReadonlyMap<string, Place>;
  /** Wherever they lie. */
  leading: readonly LeadingRow[];
  budgetSources: ReadonlyMap<string, string>;
  leadingSources: readonly LeadingSource[];
  leadingSites: readonly LeadingSite[];
  known: ListedNames['known'];
  text: string;
}

/** Names of the whole country take tens of milliseconds: who else waits for this thread comes in between. */
async function namesWithin(
  database: Kysely<RegistryTables>,
  within: readonly Area[],
): Promise<Names> {
  const digest = createHash('sha256');
  const laos = new Map<string, Place>();
  const listed: Parameters<typeof leadingRows>[0][number][] = [];
  const former: FormerName[] = [];
  const sources: Parameters<typeof leadingSources>[0][number][] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await database
      .selectFrom('laos')
      .select(['id', 'name', 'district', 'province', 'match_key', 'merged_into'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(NAMES_PAGE)
      .execute();
    for (const row of page) {
      listed.push(row);
      if (within.some((area) => contains(area, row))) laos.set(row.id, row);
    }
    digest.update(JSON.stringify(page));
    after = page.length < NAMES_PAGE ? undefined : page.at(-1)?.id;
  }
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await database
      .selectFrom('budget_sources')
      .select(['id', 'name', 'match_key', 'merged_into'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(NAMES_PAGE)
      .execute();
    sources.push(...page);
    digest.update(JSON.stringify(page));
    after = page.length < NAMES_PAGE ? undefined : page.at(-1)?.id;
  }
  for await (const page of formerNames(database)) {
    former.push(...page);
    digest.update(JSON.stringify(page));
  }
  const formerOfSources = await formerSources(database);
  digest.update(JSON.stringify(formerOfSources));
  const leadingSites = await leadingNamesOfSites(database);
  digest.update(JSON.stringify(leadingSites));
  await othersTurn();
  const leading = leadingRows(listed, former);
  const leadingOfSources = leadingSources(sources, formerOfSources);
  await othersTurn();
  return {
    laos,
    leading,
    budgetSources: new Map(sources.map(({ id, name }) => [id, name])),
    leadingSources: leadingOfSources,
    leadingSites,
    known: { laos: keysOf(listed), budgetSources: keysOf(sources) },
    text: digest.digest('hex'),
  };
}

/** Of one LAO or another, in one order. */
async function leadingNamesOfSites(database: Kysely<RegistryTables>): Promise<LeadingSite[]> {
  const rows = await database
    .selectFrom('sites as leading')
    .innerJoin('sites as led', 'led.id', 'leading.merged_into')
    .innerJoin('laos', 'laos.id', 'leading.lao_id')
    .select(['laos.match_key as lao', 'leading.name', 'led.name as to'])
    .orderBy('leading.id')
    .limit(MAX_LEADING_SITES)
    .execute();
  return rows.map(({ lao, name, to }) => ({ lao: lao ?? '', key: matchKey(name), to }));
}

function keysOf(rows: readonly { match_key: string | null }[]): string[] {
  return rows.map(({ match_key }) => match_key).filter((key) => key !== null);
}

/** Ids of the LAOs that lie in these districts, and of those that names of there lead to. */
function laosOf({ laos, leading }: Names, districts: readonly NamedDistrict[]): string[] {
  // Of 7,850 LAOs the names of 928 districts: of each LAO, it would hold whoever else waits for this thread up for 30 to 60 ms.
  const keys = new Map<string, string>();
  const keyOf = ({ province, district }: NamedDistrict): string =>
    keys.getOrInsertComputed(`${province}\n${district}`, () =>
      keyOfDistrict({ province, district }),
    );
  const named = new Set(districts.map(keyOf));
  const isNamed = (district: NamedDistrict): boolean => named.has(keyOf(district));
  const found = new Set<string>();
  for (const [id, place] of laos) {
    if (isNamed(place)) found.add(id);
  }
  for (const { at, ids } of leading) {
    if (!isNamed(at)) continue;
    for (const id of ids) if (laos.has(id)) found.add(id);
  }
  return [...found];
}

/** The same for every spelling, also of a district that is not on the official list. */
function keyOfDistrict({ province, district }: NamedDistrict): string {
  const official = findDistrict(province, district)?.name ?? district;
  return `${provinceKey(findProvince(province)?.name ?? province)}\n${districtKey(official)}`;
}
