import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { findDistrict, findProvince } from '../areas/official-areas.ts';
import type { Area } from '../area.ts';
import { newCamera, type Camera, type CameraChange, type NewCamera } from '../camera.ts';
import type { ComparedCamera } from '../compared-cameras.ts';
import type { LeadingName, LeadingSource, ListedNames } from '../leading-names.ts';
import { budgetSourceKey, laoKey } from '../managed-keys.ts';
import { REDACTED, redactStreamAddress } from '../redact-stream-address.ts';
import { addressKey, deviceOf } from '../stream-address.ts';
import { agencyKey, matchKey } from '../thai-names.ts';
import { changeProblem, secretLeftOut } from './change-problem.ts';
import { compare, storedValues, type Difference, type ShownValue } from './differences.ts';
import {
  labelOf,
  noRemarks,
  type CellRemark,
  type GivenCamera,
  type RowReading,
} from './row-reading.ts';
import type { TableHeading } from './table.ts';
import { cellName } from './sheet-row.ts';
import { columnOf, columns, type ColumnKey } from './columns.ts';

/** What will become of each row, before anything is written. */
export const fates = ['new', 'changed', 'unchanged', 'refused'] as const;
export type Fate = (typeof fates)[number];

export interface RowFate {
  row: number;
  fate: Fate;
  /** Of the registered camera, where there is one. */
  cameraId: string | null;
  position: string;
  lao: string;
  differences: readonly Difference[];
  /** Of one that is new: each field as it will be stored. */
  values: readonly ShownValue[];
  problems: readonly CellRemark[];
  warnings: readonly CellRemark[];
}

export type Operation =
  | { kind: 'create'; camera: NewCamera }
  | { kind: 'change'; id: string; version: number; change: CameraChange };

export type FateCounts = Readonly<Record<Fate | 'warned', number>>;

/** Rows of one fate, or those with something worth a look. */
export type RowFilter = Fate | 'warned';

export interface Plan {
  counts: FateCounts;
  operations: number;
  /** LAOs that the rows name, at most two: one, or several. */
  someLaos: readonly Camera['lao'][];
  /** The same text for the same plan: what a person accepted is what is written. */
  fingerprint: string;
}

interface Row {
  reading: RowReading;
  /** As the row says, of the LAO that the list has by that name. */
  given: GivenCamera;
  /** The row's name of its LAO, where that is not the name of the one in `given`, or of none. */
  ledBy: LeadingName | undefined;
  /** The list has no LAO by the row's name, nor one that it leads to. */
  isLaoUnknown: boolean;
  source: NamedSource;
  /** Numbers of what it names (`Numbers`): its LAO, its position there, and its stream; 0: not linked, or the file does not say. */
  lao: number;
  place: number;
  url: number;
  stored: Stored | undefined;
  /** Of an earlier row with its position and stream. */
  repeats: number | undefined;
  /** The camera that can be made of it; undefined: not known yet, or not possible. */
  asNew: NewCamera | undefined;
  problems: readonly CellRemark[];
  /** Those that come from the file alone. */
  ownProblems: readonly CellRemark[];
  warnings: readonly CellRemark[];
}

interface Stored {
  camera: ComparedCamera;
  lao: number;
  place: number;
  url: number;
  /** Which is about it. */
  row: Row | undefined;
}

/** One number for each text, from 1: two of them are one key without making a text of both, for 100,000 rows. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  known(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  /** The greatest of them. */
  get size(): number {
    return this.#numbers.size;
  }
}

/** What a spelling of an LAO stands for: its number, and, where the name leads elsewhere, by which it does. */
interface NamedLao {
  number: number;
  ledBy: LeadingName | undefined;
  isUnknown: boolean;
}

/** What a spelling of a budget source stands for. */
interface NamedSource {
  /** `budgetSourceKey` */
  key: string;
  ledBy: LeadingSource | undefined;
  isUnknown: boolean;
}

/** Beyond every number: a file has 100,000 rows, and the country some hundred thousand cameras. */
const MORE_THAN_NUMBERS = 2 ** 24;

function pair(first: number, second: number): number {
  return first * MORE_THAN_NUMBERS + second;
}

/**
 * Compares the rows of one file with the registry, again and again. Which registered camera a row is about, the first
 * rule that fits:
 *
 * 1. the camera with the id in its first column; no other will do. But where none of a file's ids is known, the file is
 *    another registry's, and they say nothing here (decision 0012);
 * 2. same LAO, position and stream address (or both without one): of several, in the order of their registration;
 * 3. same LAO and stream address: its position is corrected;
 * 4. same LAO and position, where just one row and one camera are left there, and one of them has no stream, or both have theirs
 *    from one device: its stream is changed. One of another device is another camera on the pole;
 * 5. none: it is new.
 *
 * A row that would bring a camera where another one is, with its position and its stream, is refused; those that are so already
 * stay.
 *
 * Names are compared as thai-names.ts does; an LAO that was merged is the one that it was merged into, as it is when rows
 * are written (place-ids.ts), and a name from before an LAO was corrected is that LAO's, if it was never another's (decision
 * 0160). `areas`: where the actor may import.
 */
export class Planner {
  readonly #readings: readonly RowReading[];
  /** Of the readings that can be read, in their order. */
  #rows: Row[] = [];
  readonly #at: ReadonlyMap<ColumnKey, number>;
  readonly #mayImport: (lao: Camera['lao']) => boolean;
  readonly #placeProblems = new Map<number, { key: ColumnKey; reason: string } | null>();
  readonly #ids = new Set<string>();
  /** Undefined: nobody told. */
  #listed: ListedNames | undefined;
  #leadingByKey: ReadonlyMap<string, LeadingName> = new Map();
  #sourcesByKey: ReadonlyMap<string, LeadingSource> = new Map();
  #knownLaos: ReadonlySet<string> = new Set();
  #knownSources: ReadonlySet<string> = new Set();
  /** By spelling. */
  readonly #sources = new Map<string, NamedSource>();
  /** `#rows` and all numbers are those of `#listed`. */
  #areNumbered = false;
  /** Of LAOs by their keys, and by the spellings of them. */
  #laos = new Numbers();
  readonly #laoSpellings = new Map<string, NamedLao>();
  /** The greatest number of an LAO that a row names. */
  #lastLaoOfRows = 0;
  #places = new Numbers();
  #urls = new Numbers();
  /**
   * Of each reading, its row and what will become of it. What that is in full is worked out again when it is asked for:
   * for 100,000 rows it would take more memory than the rows.
   */
  #planned: { row: Row | undefined; fate: Fate; warned: boolean }[] = [];
  /** Of `#planned`, those that are written. */
  #written: number[] = [];

  constructor(readings: readonly RowReading[], heading: TableHeading, areas: readonly Area[]) {
    this.#readings = readings;
    this.#at = new Map([...heading.columns].map(([index, column]) => [column.key, index]));
    this.#mayImport = areaCheck(areas);
    for (const { given } of readings) if (given?.id !== undefined) this.#ids.add(given.id);
  }

  /** All names, as the lists have them now. Before the cameras that rows are compared with. */
  follow(listed: ListedNames): void {
    if (isDeepStrictEqual(listed, this.#listed)) return;
    this.#listed = listed;
    this.#leadingByKey = new Map(listed.laos.map((name) => [name.key, name]));
    this.#sourcesByKey = new Map(listed.budgetSources.map((name) => [name.key, name]));
    this.#knownLaos = new Set(listed.known.laos);
    this.#knownSources = new Set(listed.known.budgetSources);
    this.#areNumbered = false;
  }

  /** Whether a registered camera of this LAO, or with this id, can be one that a row is about. */
  isNamed({ id, lao }: Pick<Camera, 'id' | 'lao'>): boolean {
    this.#number();
    if (this.#ids.has(id)) return true;
    const { number } = this.#lao(lao, 'known');
    return number !== 0 && number <= this.#lastLaoOfRows;
  }

  plan(existing: Iterable<ComparedCamera>): Plan {
    this.#number();
    for (const row of this.#rows) {
      row.stored = undefined;
      row.problems = row.ownProblems;
      row.warnings = noRemarks;
    }
    const stored = new Map<string, Stored>();
    for (const camera of existing) {
      const { number: lao } = this.#lao(camera.lao, 'new');
      stored.set(camera.id, {
        camera,
        lao,
        place: this.#placeNumber(lao, camera.position),
        url: camera.stream === null ? 0 : this.#urlNumber(camera.stream.url),
        row: undefined,
      });
    }
    this.#match(stored);
    this.#warnOfOtherIds();
    this.#refuseTwice(stored.values());
    this.#warnOfPoles(stored.values());
    this.#warnOfNames();
    this.#planned = [];
    this.#written = [];
    const counts = { new: 0, changed: 0, unchanged: 0, refused: 0, warned: 0 };
    const fingerprint = createHash('sha256');
    let next = 0;
    for (const reading of this.#readings) {
      // Rows that can be read are in the same order.
      const row = this.#rows[next]?.reading === reading ? this.#rows[next++] : undefined;
      const { fate, cameraId, warnings } = this.#fateOf(reading, row);
      if (fate === 'new' || fate === 'changed') this.#written.push(this.#planned.length);
      const warned = warnings.length > 0;
      this.#planned.push({ row, fate, warned });
      counts[fate]++;
      if (warned) counts.warned++;
      const version = fate === 'changed' ? row?.stored?.camera.version : '';
      const into = `${row?.ledBy === undefined ? '' : row.given.lao.name}${sourceOf(row)}`;
      fingerprint.update(`${fate[0]}${cameraId ?? ''}${version}${into},`);
    }
    this.#inOrderOfCameras();
    return {
      counts,
      operations: this.#written.length,
      someLaos: this.#someLaos(),
      fingerprint: fingerprint.digest('hex'),
    };
  }

  /** Behind the row `after`, at most `limit`; none before there is a plan. */
  fates(after: number, limit: number, show: RowFilter | undefined): RowFate[] {
    const rows: RowFate[] = [];
    for (const [index, { row, fate, warned }] of this.#planned.entries()) {
      const reading = this.#readings[index];
      if (reading === undefined || reading.number <= after) continue;
      if (rows.length === limit) break;
      if (show !== undefined && fate !== show && !(show === 'warned' && warned)) continue;
      const fateOf = this.#fateOf(reading, row);
      const asNew = fate === 'new' ? row?.asNew : undefined;
      rows.push(asNew === undefined ? fateOf : { ...fateOf, values: storedValues(asNew) });
    }
    return rows;
  }

  /** New ones as the rows come, then changes by their cameras' ids: every transaction waits for cameras in this order. */
  #inOrderOfCameras(): void {
    const idAt = (index: number): string => this.#planned[index]?.row?.stored?.camera.id ?? '';
    this.#written.sort((a, b) => {
      const [one, other] = [idAt(a), idAt(b)];
      return one < other ? -1 : Number(one > other);
    });
  }

  /** What is written of the plan: new cameras, then changed ones. */
  operations(from: number, limit: number): Operation[] {
    return this.#written.slice(from, from + limit).map((index) => {
      const { row } = this.#planned[index] ?? {};
      assert(row !== undefined, 'what is written was read');
      const { given, asNew } = row;
      const camera = row.stored?.camera;
      if (camera === undefined) {
        assert(asNew !== undefined, 'what is written was planned');
        return { kind: 'create', camera: asNew };
      }
      // Whoever accepts a row stands for its scope, also where that stays.
      const change = { ...compare(camera, given).change, scope: given.scope };
      return { kind: 'change', id: camera.id, version: camera.version, change };
    });
  }

  /** Numbers the rows, and finds what is wrong with them by the file alone. */
  #number(): void {
    if (this.#areNumbered) return;
    this.#areNumbered = true;
    this.#rows = [];
    this.#laos = new Numbers();
    this.#places = new Numbers();
    this.#urls = new Numbers();
    this.#laoSpellings.clear();
    this.#sources.clear();
    this.#placeProblems.clear();
    for (const reading of this.#readings) {
      const { given } = reading;
      if (given === undefined) continue;
      const { number: lao, ledBy, isUnknown } = this.#lao(given.lao, 'new');
      const into = ledBy === undefined ? undefined : oneOf(ledBy);
      const source = this.#source(given.budgetSource);
      const sourceInto = source.ledBy === undefined ? undefined : oneOf(source.ledBy);
      this.#rows.push({
        reading,
        given:
          into === undefined && sourceInto === undefined
            ? given
            : {
                ...given,
                lao: into ?? given.lao,
                budgetSource: sourceInto ?? given.budgetSource,
              },
        ledBy,
        isLaoUnknown: isUnknown,
        source,
        lao,
        place: this.#placeNumber(lao, given.position),
        url: given.stream ? this.#urlNumber(redactStreamAddress(given.stream.url)) : 0,
        stored: undefined,
        repeats: undefined,
        asNew: undefined,
        problems: noRemarks,
        ownProblems: noRemarks,
        warnings: noRemarks,
      });
    }
    this.#lastLaoOfRows = this.#laos.size;
    this.#checkPlaces();
    this.#refuseIdsTwice();
    for (const row of this.#rows) row.ownProblems = row.problems;
  }

  #fateOf(reading: RowReading, row: Row | undefined): RowFate {
    if (row === undefined) return told(reading, 'refused');
    const { given } = row;
    const camera = row.stored?.camera;
    const problems = row.problems.length > 0 ? row.problems : this.#newProblems(row);
    const warnings = [...reading.warnings, ...row.warnings];
    const found = { problems, warnings, cameraId: camera?.id ?? null };
    if (problems.length > 0) return told(reading, 'refused', found);
    if (camera === undefined) return told(reading, 'new', found);
    const { change, differences } = compare(camera, given);
    if (differences.length === 0) return told(reading, 'unchanged', found);
    const refused = changeProblem(camera, change);
    if (refused !== undefined) {
      const problem = this.#remark(row, refused.key, refused.reason);
      return told(reading, 'refused', { ...found, problems: [problem] });
    }
    return told(reading, 'changed', { ...found, differences });
  }

  /** Why no camera can be made of it, though each of its cells can be read. */
  #newProblems(row: Row): readonly CellRemark[] {
    if (row.stored !== undefined || row.asNew !== undefined) return noRemarks;
    const parsed = newCamera.safeParse(newCameraOf(row.given));
    if (parsed.success) row.asNew = withTextsOf(row.given, parsed.data);
    const leavesOut = row.given.stream?.url.includes(REDACTED) === true;
    return (parsed.error?.issues ?? []).map(({ path }) => {
      const key = keyOfPath(path.join('.'));
      const reason = key === 'url' && leavesOut ? secretLeftOut : 'ค่าในช่องนี้ใช้ไม่ได้';
      return this.#remark(row, key, reason);
    });
  }

  #checkPlaces(): void {
    for (const row of this.#rows) {
      if (row.ledBy !== undefined && row.ledBy.to.length > 1) {
        this.#refuse(row, 'laoName', severalReason(row, row.ledBy));
        continue;
      }
      const { ledBy } = row.source;
      if (ledBy !== undefined && ledBy.to.length > 1) {
        const name = `“${row.reading.given?.budgetSource ?? ''}”`;
        const all = ledBy.to.map((one) => `“${one}”`).join(' และของ ');
        const reason = `${name} เป็นชื่อเดิมของ ${all} กรุณาระบุชื่อปัจจุบัน`;
        this.#refuse(row, 'budgetSource', reason);
      }
      // One key, one place: what is wrong with one spelling of it is wrong with each.
      let problem = this.#placeProblems.get(row.lao);
      if (problem === undefined) {
        problem = this.#placeProblem(row.given.lao);
        this.#placeProblems.set(row.lao, problem);
      }
      if (problem === null) continue;
      const why = row.ledBy === undefined ? '' : ` ${leadingReason(row, row.ledBy)}`;
      this.#refuse(row, problem.key, `${problem.reason}${why}`);
    }
  }

  #placeProblem(lao: Camera['lao']): { key: ColumnKey; reason: string } | null {
    const province = findProvince(lao.province);
    if (province === undefined) return { key: 'laoProvince', reason: 'ไม่มีจังหวัดชื่อนี้' };
    if (findDistrict(lao.province, lao.district) === undefined) {
      return { key: 'laoDistrict', reason: `ไม่มีอำเภอชื่อนี้ในจังหวัด${province.name}` };
    }
    if (!this.#mayImport(lao)) {
      return { key: 'laoName', reason: 'ท่านไม่มีสิทธิ์แก้ไขบัญชีกล้องของ อปท. นี้' };
    }
    return null;
  }

  /** One id twice: the second is refused, for which of them is right? */
  #refuseIdsTwice(): void {
    const ids = new Map<string, number>();
    const streams = new Map<number, number>();
    for (const row of this.#rows) {
      const { id } = row.given;
      const { number } = row.reading;
      if (id !== undefined) {
        const before = ids.get(id);
        if (before === undefined) ids.set(id, number);
        else this.#refuse(row, 'id', `รหัสกล้องซ้ำกับแถวที่ ${before}`);
      }
      if (row.url === 0) continue;
      const key = pair(row.place, row.url);
      row.repeats = streams.get(key);
      if (row.repeats === undefined) streams.set(key, number);
    }
  }

  /**
   * A row that brings a camera where another one is, or an earlier row brings one: the same position and stream twice. Those
   * that are registered so, which somebody confirmed, stay.
   */
  #refuseTwice(stored: Iterable<Stored>): void {
    const there = new Map<number, Row | Stored>();
    const left = new Map<number, Row>();
    for (const one of stored) {
      if (one.url === 0) continue;
      const { row } = one;
      const key = pair(one.place, one.url);
      if (row === undefined) there.set(key, one);
      else if (this.#keyAfter(row) === key) there.set(key, row);
      else left.set(key, row);
    }
    for (const row of this.#rows) {
      if (row.problems.length > 0) continue;
      const key = this.#keyAfter(row);
      if (key === NO_KEY || (row.stored !== undefined && key === keyOf(row.stored))) continue;
      const leaver = left.get(key);
      const isLeft = leaver === undefined || !this.#isRefused(leaver);
      const by = there.get(key) ?? (isLeft ? undefined : leaver);
      if (by === undefined) there.set(key, row);
      else {
        const column = this.#at.has('url') ? 'url' : 'position';
        this.#refuse(row, column, `ตำแหน่งและที่อยู่สัญญาณภาพซ้ำกับ${nameOf(by)}`);
      }
    }
  }

  /** Where its camera is once the row is written; without a stream nowhere. */
  #keyAfter(row: Row): number {
    const url = this.#at.has('url') ? row.url : (row.stored?.url ?? 0);
    return url === 0 || row.given.scope === 'closed-area' ? NO_KEY : pair(row.place, url);
  }

  #isRefused(row: Row): boolean {
    if (row.problems.length > 0) return true;
    const camera = row.stored?.camera;
    return (
      camera !== undefined && changeProblem(camera, compare(camera, row.given).change) !== undefined
    );
  }

  #match(byId: ReadonlyMap<string, Stored>): void {
    const saysStream = this.#at.has('url');
    const stored = [...byId.values()].toSorted((a, b) => (a.camera.id < b.camera.id ? -1 : 1));
    const open = this.#rows.filter((row) => row.problems.length === 0);
    const idsAreOurs = [...this.#ids].some((id) => byId.has(id));
    for (const row of open) {
      const { id } = row.given;
      if (id === undefined || !idsAreOurs) continue;
      const found = byId.get(id);
      if (found === undefined) {
        const reason = 'ไม่พบกล้องรหัสนี้ในระบบ อาจถูกลบแล้ว หรืออยู่นอกพื้นที่ของท่าน ถ้าเป็นกล้องใหม่ให้ลบรหัสในช่องนี้';
        this.#refuse(row, 'id', reason);
      } else if (!this.#mayImport(found.camera.lao)) {
        this.#refuse(row, 'id', 'ท่านไม่มีสิทธิ์แก้ไขกล้องตัวนี้');
      } else claim(row, found);
    }
    if (stored.length === 0) return;
    const unmatched = (): Row[] =>
      open.filter((row) => row.stored === undefined && row.problems.length === 0);
    const rules: [
      (one: Row | Stored) => number,
      'in order' | 'only one',
      (row: Row, one: Stored) => boolean,
    ][] = [
      [({ place, url }) => (saysStream ? pair(place, url) : place), 'in order', () => true],
      [({ lao, url }) => (url === 0 ? NO_KEY : pair(lao, url)), 'only one', () => true],
      [({ place }) => place, 'only one', isOfOneDevice],
    ];
    for (const [keyOf, how, fits] of rules) {
      const open = unmatched().filter(({ repeats }) => how === 'in order' || repeats === undefined);
      const cameras = groups(
        stored.filter(({ row }) => row === undefined),
        keyOf,
      );
      for (const [key, group] of groups(open, keyOf)) {
        const there = cameras.get(key) ?? [];
        if (key === NO_KEY || (how === 'only one' && (group.length > 1 || there.length > 1)))
          continue;
        for (const [index, row] of group.entries()) {
          const found = there[index];
          if (found !== undefined && fits(row, found)) claim(row, found);
        }
      }
    }
  }

  /** Of a file whose ids are another registry's. */
  #warnOfOtherIds(): void {
    for (const row of this.#rows) {
      if (row.given.id === undefined || row.stored !== undefined) continue;
      const reason = 'ไม่มีรหัสนี้ในระบบ ไฟล์อาจมาจากระบบอื่น จะลงทะเบียนเป็นกล้องใหม่และได้รหัสใหม่';
      if (row.problems.length === 0) this.#warn(row, 'id', reason);
    }
  }

  /** Several cameras on one pole are normal: said once for each position. */
  #warnOfPoles(stored: Iterable<Stored>): void {
    const placed = groups(
      this.#rows.filter(({ problems }) => problems.length === 0),
      ({ place }) => place,
    );
    const others = new Map<number, number>();
    for (const { place, row } of stored) {
      if (row === undefined) others.set(place, (others.get(place) ?? 0) + 1);
    }
    for (const [place, group] of placed) {
      const first = group.find((row) => row.stored === undefined);
      if (first === undefined) continue;
      const registered = others.get(place);
      if (registered !== undefined) {
        const reason = `ตำแหน่งนี้มีกล้องลงทะเบียนแล้ว ${registered} ตัวที่ไม่อยู่ในไฟล์ แถวนี้จะเป็นกล้องใหม่อีกตัว ถ้าเป็นกล้องเดิมที่เปลี่ยนที่อยู่สัญญาณภาพ ให้ใส่รหัสของกล้องนั้นในคอลัมน์แรก`;
        this.#warn(first, 'position', reason);
      } else if (group.length > 1) {
        const reason = `ไฟล์นี้มีกล้อง ${group.length} ตัวที่ตำแหน่งเดียวกัน ถ้าเป็นกล้องหลายตัวบนเสาเดียวกัน ถือว่าถูกต้อง`;
        this.#warn(group[0] ?? first, 'position', reason);
      }
    }
  }

  /** Said once for each name: the cameras stand under another in lists and counts, or under one that nobody has had until now. */
  #warnOfNames(): void {
    const said = new Set<string>();
    const warn = (row: Row, key: ColumnKey, reason: string): void => {
      if (said.has(reason)) return;
      said.add(reason);
      this.#warn(row, key, reason);
    };
    for (const row of this.#rows) {
      if (row.problems.length > 0) continue;
      if (row.ledBy !== undefined) warn(row, 'laoName', leadingReason(row, row.ledBy));
      if (row.isLaoUnknown) warn(row, 'laoName', unknownReason(row.given.lao.name, 'รายชื่อ อปท.'));
      const { key, ledBy, isUnknown } = row.source;
      if (ledBy !== undefined) warn(row, 'budgetSource', sourceReason(row, ledBy));
      // Often it is the LAO itself, which is said of the LAO.
      if (isUnknown && key !== agencyKey(row.given.lao.name)) {
        warn(row, 'budgetSource', unknownReason(row.given.budgetSource, 'รายชื่อแหล่งที่มางบประมาณ'));
      }
    }
  }

  #someLaos(): Camera['lao'][] {
    const some = new Map<number, Camera['lao']>();
    for (const { lao, given } of this.#rows) {
      if (!some.has(lao)) some.set(lao, given.lao);
      if (some.size === 2) break;
    }
    return [...some.values()];
  }

  #refuse(row: Row, key: ColumnKey, reason: string): void {
    row.problems = [...row.problems, this.#remark(row, key, reason)];
  }

  #warn(row: Row, key: ColumnKey, reason: string): void {
    row.warnings = [...row.warnings, this.#remark(row, key, reason)];
  }

  /** `known`: numbered 0 where no row names it. */
  #lao(lao: Camera['lao'], which: 'new' | 'known'): NamedLao {
    const spelling = `${lao.province}\n${lao.district}\n${lao.name}`;
    let named = this.#laoSpellings.get(spelling);
    if (named === undefined) {
      const own = laoKey(lao);
      const ledBy = this.#leadingByKey.get(own);
      const into = ledBy === undefined ? undefined : oneOf(ledBy);
      const key = into === undefined ? own : laoKey(into);
      const number = which === 'new' ? this.#laos.of(key) : (this.#laos.known(key) ?? 0);
      const isUnknown =
        this.#listed !== undefined && ledBy === undefined && !this.#knownLaos.has(own);
      named = { number, ledBy, isUnknown };
      if (number !== 0) this.#laoSpellings.set(spelling, named);
    }
    return named;
  }

  #source(name: string): NamedSource {
    let named = this.#sources.get(name);
    if (named === undefined) {
      const key = budgetSourceKey(name);
      const ledBy = this.#sourcesByKey.get(key);
      const isUnknown =
        this.#listed !== undefined && ledBy === undefined && !this.#knownSources.has(key);
      named = { key, ledBy, isUnknown };
      this.#sources.set(name, named);
    }
    return named;
  }

  #urlNumber(url: string): number {
    return this.#urls.of(addressKey(url));
  }

  #placeNumber(lao: number, position: string): number {
    return this.#places.of(`${lao}|${matchKey(position)}`);
  }

  #remark(row: Row, key: ColumnKey, reason: string): CellRemark {
    const index = this.#at.get(key);
    return {
      cell: index === undefined ? null : cellName(index, row.reading.number),
      heading: columnOf(key).heading,
      text: textOfKey(row.reading.given ?? row.given, key),
      reason,
    };
  }
}

const NO_KEY = 0;

/** In the order in which the first of each comes. */
function groups<Item>(items: readonly Item[], keyOf: (item: Item) => number): Map<number, Item[]> {
  const found = new Map<number, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key);
    if (group === undefined) found.set(key, [item]);
    else group.push(item);
  }
  return found;
}

function claim(row: Row, stored: Stored): void {
  if (stored.row !== undefined) return;
  stored.row = row;
  row.stored = stored;
}

function keyOf({ place, url }: Stored): number {
  return pair(place, url);
}

function nameOf(one: Row | Stored): string {
  return 'reading' in one
    ? `แถวที่ ${one.reading.number}`
    : `กล้องที่ลงทะเบียนแล้ว (รหัส ${one.camera.id})`;
}

/** Or one of them has no stream. */
function isOfOneDevice({ given }: Row, { camera }: Stored): boolean {
  if (!given.stream || camera.stream === null) return true;
  return deviceOf(given.stream.url) === deviceOf(camera.stream.url);
}

/** Where it leads; none of several. */
function oneOf<Name>({ to }: { to: readonly Name[] }): Name | undefined {
  return to.length === 1 ? to[0] : undefined;
}

/** Why a row is of another LAO than it says. */
function leadingReason({ reading, given }: Row, { why }: LeadingName): string {
  const name = `“${reading.given?.lao.name ?? ''}”`;
  const now = calledNow(given.lao);
  return why === 'merged'
    ? `${name} ถูกรวมไว้กับ ${now} แล้ว กล้องจึงเป็นของ อปท. นั้น`
    : `${name} ใน “${reading.given?.lao.district ?? ''}” เป็นชื่อเดิมของ ${now} กล้องจึงเป็นของ อปท. นั้น`;
}

function sourceReason({ reading, given }: Row, { why }: LeadingSource): string {
  const name = `“${reading.given?.budgetSource ?? ''}”`;
  return why === 'merged'
    ? `${name} ถูกรวมไว้กับ “${given.budgetSource}” แล้ว`
    : `${name} เป็นชื่อเดิมของ “${given.budgetSource}”`;
}

function unknownReason(name: string, list: string): string {
  return `ไม่มี “${name}” ใน${list} กรุณาตรวจตัวสะกด ถ้าถูกต้องแล้ว ระบบจะเสนอเพิ่มชื่อนี้`;
}

/** Where the row's budget source leads; empty: it is its own. */
function sourceOf(row: Row | undefined): string {
  const ledBy = row?.source.ledBy;
  return ledBy === undefined ? '' : (oneOf(ledBy) ?? '');
}

function severalReason({ reading }: Row, { to }: LeadingName): string {
  const all = to.map(calledNow).join(' และของ ');
  return `“${reading.given?.lao.name ?? ''}” เป็นชื่อเดิมของ ${all} กรุณาระบุชื่อปัจจุบันของ อปท.`;
}

function calledNow({ name, district, province }: Camera['lao']): string {
  return `“${name}” อำเภอ${district} จังหวัด${province}`;
}

function told(
  reading: RowReading,
  fate: Fate,
  more: Partial<Pick<RowFate, 'cameraId' | 'differences' | 'problems' | 'warnings'>> = {},
): RowFate {
  return {
    row: reading.number,
    fate,
    cameraId: null,
    ...labelOf(reading),
    differences: [],
    values: [],
    problems: reading.problems,
    warnings: reading.warnings,
    ...more,
  };
}

function newCameraOf(given: GivenCamera): unknown {
  const { id: _id, purposesUnsaid: _unsaid, stream, ...fields } = given;
  const present = Object.entries({ ...fields, stream }).filter(([, value]) => value !== undefined);
  const camera: Record<string, unknown> = Object.fromEntries(present);
  if (stream) {
    camera['stream'] = Object.fromEntries(
      Object.entries(stream).filter(([, value]) => value !== undefined),
    );
  }
  return camera;
}

/** Kept until it is written: to make it again then takes as long as all else that is made of a row. Texts and lists are those of the row. */
function withTextsOf(given: GivenCamera, made: NewCamera): NewCamera {
  const { lao, stream } = given;
  const { name, district, province } = made.lao;
  if (name === lao.name && district === lao.district && province === lao.province) made.lao = lao;
  made.purposes = given.purposes;
  if (given.linkedAgencies !== undefined) made.linkedAgencies = given.linkedAgencies;
  if (stream && made.stream?.url === stream.url) made.stream.url = stream.url;
  return made;
}

function textOfKey(given: GivenCamera, key: ColumnKey): string {
  switch (key) {
    case 'id':
      return given.id ?? '';
    case 'position':
      return given.position;
    case 'laoName':
      return given.lao.name;
    case 'laoDistrict':
      return given.lao.district;
    case 'laoProvince':
      return given.lao.province;
    case 'budgetSource':
      return given.budgetSource;
    default:
      return '';
  }
}

const pathKeys: Readonly<Record<string, ColumnKey>> = {
  purposes: 'prevention',
  lao: 'laoName',
  stream: 'url',
};

function keyOfPath(path: string): ColumnKey {
  const [top = '', part] = path.split('.');
  const key = part ?? top;
  if (top === 'stream' && (part === 'username' || part === 'password')) return part;
  return pathKeys[top] ?? columns.find((column) => column.key === key)?.key ?? 'position';
}

/** By whichever spelling: a row's names are people's, an area's are the list's. */
function areaCheck(areas: readonly Area[]): (lao: Camera['lao']) => boolean {
  return (lao) =>
    areas.some((area) => {
      if (area.level === 'country') return true;
      if (findProvince(area.province)?.code !== findProvince(lao.province)?.code) return false;
      if (area.level === 'province') return true;
      const own = findDistrict(area.province, area.district)?.code ?? area.district;
      const given = findDistrict(lao.province, lao.district)?.code ?? lao.district;
      if (own !== given) return false;
      return area.level === 'district' || agencyKey(area.lao) === agencyKey(lao.name);
    });
}
