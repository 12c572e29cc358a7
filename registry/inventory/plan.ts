import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Area } from '../area.ts';
import type { Camera, CameraChange, NewCamera } from '../camera.ts';
import type { ComparedCamera } from '../compared-cameras.ts';
import type { ListedNames } from '../leading-names.ts';
import { addressKey } from '../stream-address.ts';
import { redactStreamAddress } from '../redact-stream-address.ts';
import { agencyKey, matchKey } from '../thai-names.ts';
import { changeProblem } from './change-problem.ts';
import type { ColumnKey } from './columns.ts';
import type { Row, Stored } from './compared-row.ts';
import { compare, storedValues } from './differences.ts';
import { told, type Fate, type FateCounts, type RowFate, type RowFilter } from './fates.ts';
import { areaCheck, placeProblem } from './import-areas.ts';
import { cameraOf, newProblems } from './made-camera.ts';
import { matchRows } from './match-rows.ts';
import {
  leadingReason,
  severalReason,
  severalSourcesReason,
  sourceReason,
  unknownReason,
} from './name-reasons.ts';
import { NamedLists, oneOf } from './named-lists.ts';
import { Numbers } from './row-numbers.ts';
import { noRemarks, type RowReading } from './row-reading.ts';
import { RowRemarks } from './row-remarks.ts';
import { refuseIdsTwice, refuseTwice, warnOfPoles } from './rows-twice.ts';
import type { TableHeading } from './table.ts';

export type Operation =
  | { kind: 'create'; camera: NewCamera }
  | { kind: 'change'; id: string; version: number; change: CameraChange };

export interface Plan {
  counts: FateCounts;
  operations: number;
  /** LAOs that the rows name, at most two: one, or several. */
  someLaos: readonly Camera['lao'][];
  /** The same text for the same plan: what a person accepted is what is written. */
  fingerprint: string;
}

/**
 * Compares the rows of one file with the registry, again and again. Which registered camera a row is about, the first
 * rule that fits:
 *
 * 1. the camera with the id in its first column; no other will do, and one that was deleted is brought back by a person. But
 *    where none of a file's ids is known, the file is another registry's, and they say nothing here (decision 0012);
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
  readonly #remarks: RowRemarks;
  readonly #mayImport: (lao: Camera['lao']) => boolean;
  readonly #placeProblems = new Map<number, { key: ColumnKey; reason: string } | null>();
  readonly #ids = new Set<string>();
  readonly #names = new NamedLists();
  /** `#rows` and all numbers are those of the names as they are listed now. */
  #areNumbered = false;
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
    this.#remarks = new RowRemarks(heading);
    this.#mayImport = areaCheck(areas);
    for (const { given } of readings) if (given?.id !== undefined) this.#ids.add(given.id);
  }

  /** All names, as the lists have them now. Before the cameras that rows are compared with. */
  follow(listed: ListedNames): void {
    if (this.#names.follow(listed)) this.#areNumbered = false;
  }

  /** Whether a registered camera of this LAO, or with this id, can be one that a row is about. */
  isNamed({ id, lao }: Pick<Camera, 'id' | 'lao'>): boolean {
    this.#number();
    return this.#ids.has(id) || this.#names.isOfRows(lao);
  }

  /** `deleted`: of ids of the file, when their cameras were deleted, Unix ms. */
  plan(existing: Iterable<ComparedCamera>, deleted: ReadonlyMap<string, number> = new Map()): Plan {
    this.#number();
    for (const row of this.#rows) {
      row.stored = undefined;
      row.problems = row.ownProblems;
      row.warnings = noRemarks;
    }
    const stored = new Map<string, Stored>();
    for (const camera of existing) {
      const { number: lao } = this.#names.lao(camera.lao, 'new');
      stored.set(camera.id, {
        camera,
        lao,
        place: this.#placeNumber(lao, camera.position),
        url: camera.stream === null ? 0 : this.#urlNumber(camera.stream.url),
        row: undefined,
      });
    }
    matchRows({
      rows: this.#rows,
      byId: stored,
      deleted,
      ids: this.#ids,
      mayImport: this.#mayImport,
      remarks: this.#remarks,
    });
    this.#warnOfOtherIds();
    refuseTwice(this.#rows, stored.values(), this.#remarks);
    warnOfPoles(this.#rows, stored.values(), this.#remarks);
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
      const isNew = fate === 'new' && row !== undefined;
      rows.push(isNew ? { ...fateOf, values: storedValues(cameraOf(row)) } : fateOf);
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
      const { given } = row;
      const camera = row.stored?.camera;
      if (camera === undefined) return { kind: 'create', camera: cameraOf(row) };
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
    this.#names.forget();
    this.#places = new Numbers();
    this.#urls = new Numbers();
    this.#placeProblems.clear();
    for (const reading of this.#readings) {
      const { given } = reading;
      if (given === undefined) continue;
      const { number: lao, ledBy, isUnknown } = this.#names.lao(given.lao, 'new');
      const into = ledBy === undefined ? undefined : oneOf(ledBy);
      const source = this.#names.source(given.budgetSource);
      const sourceInto = source.ledBy === undefined ? undefined : oneOf(source.ledBy);
      const site = this.#names.site(into ?? given.lao, given.site);
      this.#rows.push({
        reading,
        given:
          into === undefined && sourceInto === undefined && site === given.site
            ? given
            : {
                ...given,
                lao: into ?? given.lao,
                budgetSource: sourceInto ?? given.budgetSource,
                site,
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
    this.#names.endOfRows();
    this.#checkPlaces();
    refuseIdsTwice(this.#rows, this.#remarks);
    for (const row of this.#rows) row.ownProblems = row.problems;
  }

  #fateOf(reading: RowReading, row: Row | undefined): RowFate {
    if (row === undefined) return told(reading, 'refused');
    const { given } = row;
    const camera = row.stored?.camera;
    const problems = row.problems.length > 0 ? row.problems : newProblems(row, this.#remarks);
    const warnings = [...reading.warnings, ...row.warnings];
    const found = { problems, warnings, cameraId: camera?.id ?? null };
    if (problems.length > 0) return told(reading, 'refused', found);
    if (camera === undefined) return told(reading, 'new', found);
    const { change, differences } = compare(camera, given);
    if (differences.length === 0) return told(reading, 'unchanged', found);
    const refused = changeProblem(camera, change);
    if (refused !== undefined) {
      const problem = this.#remarks.of(row, refused.key, refused.reason);
      return told(reading, 'refused', { ...found, problems: [problem] });
    }
    return told(reading, 'changed', { ...found, differences });
  }

  #checkPlaces(): void {
    for (const row of this.#rows) {
      if (row.ledBy !== undefined && row.ledBy.to.length > 1) {
        this.#remarks.refuse(row, 'laoName', severalReason(row, row.ledBy));
        continue;
      }
      const { ledBy } = row.source;
      if (ledBy !== undefined && ledBy.to.length > 1) {
        this.#remarks.refuse(row, 'budgetSource', severalSourcesReason(row, ledBy));
      }
      // One key, one place: what is wrong with one spelling of it is wrong with each.
      let problem = this.#placeProblems.get(row.lao);
      if (problem === undefined) {
        problem = placeProblem(row.given.lao, this.#mayImport);
        this.#placeProblems.set(row.lao, problem);
      }
      if (problem === null) continue;
      const why = row.ledBy === undefined ? '' : ` ${leadingReason(row, row.ledBy)}`;
      this.#remarks.refuse(row, problem.key, `${problem.reason}${why}`);
    }
  }

  /** Of a file whose ids are another registry's. */
  #warnOfOtherIds(): void {
    for (const row of this.#rows) {
      if (row.given.id === undefined || row.stored !== undefined) continue;
      const reason = 'ไม่มีรหัสนี้ในระบบ ไฟล์อาจมาจากระบบอื่น จะลงทะเบียนเป็นกล้องใหม่และได้รหัสใหม่';
      if (row.problems.length === 0) this.#remarks.warn(row, 'id', reason);
    }
  }

  /** Said once for each name: the cameras stand under another in lists and counts, or under one that nobody has had until now. */
  #warnOfNames(): void {
    // Of 100,000 rows in words only what is said, and each key once.
    const said = new Set<string>();
    const isFirst = (what: string): boolean => !said.has(what) && said.add(what).size > 0;
    const keys = new Map<string, string>();
    const keyOf = (name: string): string => keys.getOrInsertComputed(name, agencyKey);
    for (const row of this.#rows) {
      if (row.problems.length > 0) continue;
      const { name } = row.given.lao;
      if (row.ledBy !== undefined) {
        const reason = leadingReason(row, row.ledBy);
        if (isFirst(reason)) this.#remarks.warn(row, 'laoName', reason);
      }
      if (row.isLaoUnknown && isFirst(`lao ${name}`)) {
        this.#remarks.warn(row, 'laoName', unknownReason(name, 'รายชื่อ อปท.'));
      }
      const { key, ledBy, isUnknown } = row.source;
      if (ledBy !== undefined) {
        const reason = sourceReason(row, ledBy);
        if (isFirst(reason)) this.#remarks.warn(row, 'budgetSource', reason);
      }
      const { budgetSource } = row.given;
      // Often it is the LAO itself, which is said of the LAO.
      if (isUnknown && key !== keyOf(name) && isFirst(`source ${budgetSource}`)) {
        const reason = unknownReason(budgetSource, 'รายชื่อแหล่งที่มางบประมาณ');
        this.#remarks.warn(row, 'budgetSource', reason);
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

  #urlNumber(url: string): number {
    return this.#urls.of(addressKey(url));
  }

  #placeNumber(lao: number, position: string): number {
    return this.#places.of(`${lao}|${matchKey(position)}`);
  }
}

/** Where the row's budget source leads; empty: it is its own. */
function sourceOf(row: Row | undefined): string {
  const ledBy = row?.source.ledBy;
  return ledBy === undefined ? '' : (oneOf(ledBy) ?? '');
}
