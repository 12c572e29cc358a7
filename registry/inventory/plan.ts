import { findDistrict, findProvince } from '../areas/official-areas.ts';
import type { Area } from '../area.ts';
import { newCamera, type Camera, type CameraChange, type NewCamera } from '../camera.ts';
import { laoKey } from '../managed-keys.ts';
import { redactStreamAddress } from '../stream-address.ts';
import { agencyKey, matchKey } from '../thai-names.ts';
import { compare, type Difference } from './differences.ts';
import type { CellRemark, GivenCamera, RowReading } from './row-reading.ts';
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
  differences: Difference[];
  problems: CellRemark[];
  warnings: CellRemark[];
}

export type Operation =
  | { kind: 'create'; camera: NewCamera }
  | { kind: 'change'; id: string; version: number; change: CameraChange };

export interface Plan {
  rows: RowFate[];
  operations: Operation[];
  /** The same text for the same plan: what a person accepted is what is written. */
  fingerprint: string;
}

/**
 * Which registered camera a row is about, the first rule that fits:
 *
 * 1. the camera with the id in its first column; no other will do;
 * 2. same LAO, position and stream address (or both without one): of several, in the order of their registration;
 * 3. same LAO and stream address: its position is corrected;
 * 4. same LAO and position, where just one row and one camera are left there: its stream is changed;
 * 5. none: it is new.
 *
 * Names are compared as thai-names.ts does. `areas`: where the actor may import.
 */
export function makePlan(
  readings: readonly RowReading[],
  existing: Iterable<Camera>,
  heading: TableHeading,
  areas: readonly Area[],
): Plan {
  return new Planner(readings, existing, heading, areas).plan();
}

interface Row {
  reading: RowReading;
  given: GivenCamera;
  lao: string;
  place: string;
  /** Empty: not linked, or the file does not say. */
  url: string;
  camera: Camera | undefined;
  problems: CellRemark[];
  warnings: CellRemark[];
}

interface Stored {
  camera: Camera;
  place: string;
  url: string;
  taken: boolean;
}

class Planner {
  readonly #readings: readonly RowReading[];
  readonly #rows: Row[] = [];
  readonly #byId = new Map<string, Stored>();
  readonly #at: ReadonlyMap<ColumnKey, number>;
  readonly #mayImport: (lao: Camera['lao']) => boolean;
  readonly #placeProblems = new Map<string, { key: ColumnKey; reason: string } | null>();

  constructor(
    readings: readonly RowReading[],
    existing: Iterable<Camera>,
    heading: TableHeading,
    areas: readonly Area[],
  ) {
    this.#readings = readings;
    this.#at = new Map([...heading.columns].map(([index, column]) => [column.key, index]));
    this.#mayImport = areaCheck(areas);
    const keys = new Map<string, string>();
    for (const camera of existing) {
      this.#byId.set(camera.id, {
        camera,
        place: placeOf(cachedLaoKey(keys, camera.lao), camera.position),
        url: camera.stream?.url ?? '',
        taken: false,
      });
    }
    for (const reading of readings) {
      const { given } = reading;
      if (given === undefined) continue;
      const lao = cachedLaoKey(keys, given.lao);
      this.#rows.push({
        reading,
        given,
        lao,
        place: placeOf(lao, given.position),
        url: given.stream ? redactStreamAddress(given.stream.url) : '',
        camera: undefined,
        problems: [],
        warnings: [],
      });
    }
  }

  plan(): Plan {
    this.#checkPlaces();
    this.#refuseTwice();
    this.#match();
    this.#warnOfPoles();
    const byRow = new Map(this.#rows.map((row) => [row.reading.number, row]));
    const rows: RowFate[] = [];
    const operations: Operation[] = [];
    const fingerprint: string[] = [];
    for (const reading of this.#readings) {
      const row = byRow.get(reading.number);
      const { fate, operation } =
        row === undefined
          ? { fate: told(reading, 'refused'), operation: undefined }
          : this.#fateOf(row);
      rows.push(fate);
      if (operation !== undefined) operations.push(operation);
      const version = operation?.kind === 'change' ? operation.version : '';
      fingerprint.push(`${fate.fate[0]}${fate.cameraId ?? ''}${version}`);
    }
    return { rows, operations, fingerprint: fingerprint.join(',') };
  }

  #fateOf(row: Row): { fate: RowFate; operation: Operation | undefined } {
    const { reading, camera, problems, warnings } = row;
    const remarks = { problems, warnings: [...reading.warnings, ...warnings] };
    const id = camera?.id ?? null;
    if (problems.length > 0) {
      return { fate: told(reading, 'refused', { ...remarks, cameraId: id }), operation: undefined };
    }
    if (camera === undefined) {
      const parsed = newCamera.safeParse(newCameraOf(row.given));
      if (parsed.success) {
        return {
          fate: told(reading, 'new', remarks),
          operation: { kind: 'create', camera: parsed.data },
        };
      }
      for (const { path } of parsed.error.issues) {
        const key = keyOfPath(path.join('.'));
        problems.push(this.#remark(row, key, 'ค่าในช่องนี้ใช้ไม่ได้'));
      }
      return { fate: told(reading, 'refused', remarks), operation: undefined };
    }
    const { change, differences } = compare(camera, row.given);
    if (differences.length === 0) {
      return {
        fate: told(reading, 'unchanged', { ...remarks, cameraId: id }),
        operation: undefined,
      };
    }
    return {
      fate: told(reading, 'changed', { ...remarks, cameraId: id, differences }),
      operation: { kind: 'change', id: camera.id, version: camera.version, change },
    };
  }

  #checkPlaces(): void {
    for (const row of this.#rows) {
      const { lao } = row.given;
      const key = JSON.stringify([lao.province, lao.district, lao.name]);
      let problem = this.#placeProblems.get(key);
      if (problem === undefined) {
        problem = this.#placeProblem(lao);
        this.#placeProblems.set(key, problem);
      }
      if (problem !== null) row.problems.push(this.#remark(row, problem.key, problem.reason));
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

  /** The same position and stream twice, or one id: the second is refused, for which of them is right? */
  #refuseTwice(): void {
    const first = new Map<string, number>();
    for (const row of this.#rows) {
      const { id } = row.given;
      const marks: [string, ColumnKey, string][] = [];
      if (id !== undefined) marks.push([id, 'id', 'รหัสกล้องซ้ำกับแถวที่']);
      if (row.url !== '') {
        marks.push([`${row.place}|${row.url}`, 'url', 'ตำแหน่งและที่อยู่สัญญาณภาพซ้ำกับแถวที่']);
      }
      for (const [mark, key, reason] of marks) {
        const before = first.get(mark);
        if (before === undefined) first.set(mark, row.reading.number);
        else row.problems.push(this.#remark(row, key, `${reason} ${before}`));
      }
    }
  }

  #match(): void {
    const saysStream = this.#at.has('url');
    const stored = [...this.#byId.values()].toSorted((a, b) =>
      a.camera.id < b.camera.id ? -1 : 1,
    );
    const open = this.#rows.filter((row) => row.problems.length === 0);
    for (const row of open) {
      const { id } = row.given;
      if (id === undefined) continue;
      const found = this.#byId.get(id);
      if (found === undefined) {
        const reason = 'ไม่พบกล้องรหัสนี้ในระบบ อาจถูกลบแล้ว หรืออยู่นอกพื้นที่ของท่าน';
        row.problems.push(this.#remark(row, 'id', reason));
      } else if (!this.#mayImport(found.camera.lao)) {
        const reason = 'ท่านไม่มีสิทธิ์แก้ไขกล้องตัวนี้';
        row.problems.push(this.#remark(row, 'id', reason));
      } else claim(row, found);
    }
    const keys = new Map<string, string>();
    const unmatched = (): Row[] =>
      open.filter((row) => row.camera === undefined && row.problems.length === 0);
    const rules: [(row: Row) => string, (one: Stored) => string, 'in order' | 'only one'][] = [
      [
        (row) => (saysStream ? `${row.place}|${row.url}` : row.place),
        (one) => (saysStream ? `${one.place}|${one.url}` : one.place),
        'in order',
      ],
      [
        (row) => (row.url === '' ? '' : `${row.lao}|${row.url}`),
        (one) => (one.url === '' ? '' : `${cachedLaoKey(keys, one.camera.lao)}|${one.url}`),
        'only one',
      ],
      [(row) => row.place, (one) => one.place, 'only one'],
    ];
    for (const [ofRow, ofStored, how] of rules) {
      const rows = Map.groupBy(unmatched(), ofRow);
      const cameras = Map.groupBy(
        stored.filter(({ taken }) => !taken),
        ofStored,
      );
      for (const [key, group] of rows) {
        const there = cameras.get(key) ?? [];
        if (key === '' || (how === 'only one' && (group.length > 1 || there.length > 1))) continue;
        for (const [index, row] of group.entries()) {
          const found = there[index];
          if (found !== undefined) claim(row, found);
        }
      }
    }
  }

  /** Several cameras on one pole are normal: said once for each position. */
  #warnOfPoles(): void {
    const placed = Map.groupBy(
      this.#rows.filter(({ problems }) => problems.length === 0),
      ({ place }) => place,
    );
    for (const group of placed.values()) {
      const [first] = group;
      if (first === undefined || group.length < 2) continue;
      if (!group.some(({ camera }) => camera === undefined)) continue;
      const reason = `ไฟล์นี้มีกล้อง ${group.length} ตัวที่ตำแหน่งเดียวกัน ถ้าเป็นกล้องหลายตัวบนเสาเดียวกัน ถือว่าถูกต้อง`;
      first.warnings.push(this.#remark(first, 'position', reason));
    }
  }

  #remark(row: Row, key: ColumnKey, reason: string): CellRemark {
    const index = this.#at.get(key);
    return {
      cell: index === undefined ? null : cellName(index, row.reading.number),
      heading: columnOf(key).heading,
      text: textOfKey(row.given, key),
      reason,
    };
  }
}

function claim(row: Row, stored: Stored): void {
  if (stored.taken) return;
  stored.taken = true;
  row.camera = stored.camera;
}

function told(
  { number, label, problems, warnings }: RowReading,
  fate: Fate,
  more: Partial<Pick<RowFate, 'cameraId' | 'differences' | 'problems' | 'warnings'>> = {},
): RowFate {
  return {
    row: number,
    fate,
    cameraId: null,
    ...label,
    differences: [],
    problems,
    warnings,
    ...more,
  };
}

function newCameraOf(given: GivenCamera): unknown {
  const { id: _id, stream, ...fields } = given;
  const present = Object.entries({ ...fields, stream }).filter(([, value]) => value !== undefined);
  const camera: Record<string, unknown> = Object.fromEntries(present);
  if (stream) {
    camera['stream'] = Object.fromEntries(
      Object.entries(stream).filter(([, value]) => value !== undefined),
    );
  }
  return camera;
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

function placeOf(lao: string, position: string): string {
  return `${lao}|${matchKey(position)}`;
}

function cachedLaoKey(cache: Map<string, string>, lao: Camera['lao']): string {
  const name = JSON.stringify([lao.province, lao.district, lao.name]);
  let key = cache.get(name);
  if (key === undefined) {
    key = laoKey(lao);
    cache.set(name, key);
  }
  return key;
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
