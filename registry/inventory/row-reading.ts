import { isOutside, outsideThai, type CameraNetworks } from '../camera-networks.ts';
import { closedAreaRule, purposes, type Camera, type Purpose } from '../camera.ts';
import { splitStreamAddress } from '../stream-address.ts';
import type { CellReading } from './cell-values.ts';
import type { Column, ColumnKey } from './columns.ts';
import { columnOf } from './columns.ts';
import { cellName, textOf, type Cell, type SheetRow } from './sheet-row.ts';
import type { SharedTexts } from './shared-texts.ts';
import type { TableHeading } from './table.ts';

/** What is wrong with a cell, or worth a look. */
export interface CellRemark {
  /** `D5`; null where a column is missing. */
  cell: string | null;
  heading: string;
  /** What stands there, shortened; never a password. */
  text: string;
  /** In Thai. */
  reason: string;
}

/** A row's own words: null empties a field, undefined says nothing of it (the file has no such column). */
export interface GivenCamera {
  id: string | undefined;
  owningAgency: string;
  position: string;
  purposes: Purpose[];
  /** Of these the file has no column: a registered camera keeps them. */
  purposesUnsaid: readonly Purpose[];
  linkedAgencies: string[] | undefined;
  linkNetwork: string | null | undefined;
  brand: string | null | undefined;
  model: string | null | undefined;
  recordedResolution: string | null | undefined;
  highestResolution: string | null | undefined;
  retentionDays: number | null | undefined;
  frameRate: number | null | undefined;
  fileFormat: string | null | undefined;
  lao: Camera['lao'];
  budgetSource: string;
  scope: Camera['scope'];
  declared: Camera['declared'];
  declaredReason: string | null | undefined;
  latitude: number | null | undefined;
  longitude: number | null | undefined;
  stream: GivenStream | null | undefined;
  site: string | null | undefined;
}

export interface GivenStream {
  /** Without credentials. */
  url: string;
  username: string | null | undefined;
  /** Undefined: the one that is known stays. */
  password: string | undefined;
  transport: 'auto' | 'tcp' | 'udp' | undefined;
  sound: boolean | undefined;
  record: boolean | undefined;
}

export interface RowReading {
  number: number;
  /** Undefined where there are problems. */
  given: GivenCamera | undefined;
  /** What people know the row by, as it stands in its cells. Undefined: as in `given`. */
  label: RowLabel | undefined;
  problems: readonly CellRemark[];
  warnings: readonly CellRemark[];
}

export interface RowLabel {
  position: string;
  lao: string;
}

export function labelOf({ label, given }: RowReading): RowLabel {
  return label ?? { position: given?.position ?? '', lao: given?.lao.name ?? '' };
}

/** Of most rows: one list for all of them. */
export const noRemarks: readonly CellRemark[] = [];

const noPurpose = 'ต้องเลือกวัตถุประสงค์ของกล้องอย่างน้อยหนึ่งข้อ';
const MAX_SHOWN_TEXT = 100;
/** Thailand, generously. Swapped coordinates lie outside. */
const THAILAND = { south: 5, north: 21, west: 97, east: 106 };

/** Of a column, different texts whose readings are kept. A position is seldom written twice; a brand is, a thousand times. */
const MAX_KNOWN_READINGS = 10_000;

const placeColumns: ReadonlySet<ColumnKey> = new Set(['laoName', 'laoDistrict', 'laoProvince']);

/** Nothing but an LAO and its place, as rows of a template have it that nobody filled in: it is about no camera. */
export function saysOnlyWhere(row: SheetRow, { columns }: Pick<TableHeading, 'columns'>): boolean {
  return columns
    .entries()
    .every(([index, { key }]) => placeColumns.has(key) || textOf(row.cells[index]).trim() === '');
}

/** Reads rows of one table. `networks`: from where streams may be pulled; without them nothing is said of addresses. */
export function rowReader(
  heading: TableHeading,
  texts: SharedTexts,
  networks?: CameraNetworks,
): (row: SheetRow) => RowReading {
  const at = new Map([...heading.columns].map(([index, column]) => [column.key, index]));
  const cells = [...heading.columns].map(([index, column]): CellReader => ({
    index,
    column,
    read: reader(column, texts),
  }));
  const unsaid = at.has('purposes') ? [] : purposes.filter((purpose) => !at.has(purpose));
  return (row) => new Reading(row, heading.columns, cells, at, texts, networks, unsaid).result();
}

interface CellReader {
  index: number;
  column: Column;
  read: Column['read'];
}

/** As the column reads, with texts of its own, and the same text once. */
function reader(column: Column, texts: SharedTexts): Column['read'] {
  const known = new Map<string, CellReading>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = column.read(text);
    const reading = 'problem' in found ? found : { value: texts.ownAll(found.value) };
    if (known.size < MAX_KNOWN_READINGS) known.set(texts.own(text), reading);
    return reading;
  };
}

class Reading {
  readonly #row: SheetRow;
  readonly #at: ReadonlyMap<ColumnKey, number>;
  readonly #columns: ReadonlyMap<number, Column>;
  readonly #texts: SharedTexts;
  readonly #networks: CameraNetworks | undefined;
  readonly #purposesUnsaid: readonly Purpose[];
  readonly #values = new Map<ColumnKey, unknown>();
  readonly #problems: CellRemark[] = [];
  readonly #warnings: CellRemark[] = [];

  constructor(
    row: SheetRow,
    columns: ReadonlyMap<number, Column>,
    cells: readonly CellReader[],
    at: ReadonlyMap<ColumnKey, number>,
    texts: SharedTexts,
    networks: CameraNetworks | undefined,
    purposesUnsaid: readonly Purpose[],
  ) {
    this.#purposesUnsaid = purposesUnsaid;
    this.#row = row;
    this.#at = at;
    this.#texts = texts;
    this.#networks = networks;
    this.#columns = columns;
    for (const cell of cells) this.#read(cell);
  }

  result(): RowReading {
    const given = this.#given();
    const label = { position: this.#shown('position'), lao: this.#shown('laoName') };
    const isGiven = label.position === given?.position && label.lao === given.lao.name;
    return {
      number: this.#row.number,
      given,
      label: isGiven ? undefined : label,
      problems: this.#problems.length > 0 ? this.#problems : noRemarks,
      warnings: this.#warnings.length > 0 ? this.#warnings : noRemarks,
    };
  }

  #read({ index, column, read }: CellReader): void {
    const cell = this.#row.cells[index];
    const reason = oddReason(cell, column);
    if (reason !== undefined) {
      this.#problem(column.key, reason);
      return;
    }
    const text = textOf(cell);
    if (text.trim() === '') {
      if (column.required) this.#problem(column.key, 'ต้องกรอกช่องนี้');
      else this.#values.set(column.key, null);
      return;
    }
    const reading = read(text);
    if ('problem' in reading) this.#problem(column.key, reading.problem);
    else this.#values.set(column.key, reading.value);
  }

  /** Undefined where there are problems. */
  #given(): GivenCamera | undefined {
    const chosen = this.#purposes();
    const stream = this.#stream();
    this.#checkClosed();
    this.#checkPlace();
    this.#checkResolutions();
    if (this.#problems.length > 0) return undefined;
    // Each column's reader gives what its field holds (columns.ts).
    const value = (key: ColumnKey): never => this.#values.get(key) as never;
    return {
      id: (this.#values.get('id') as string | null | undefined) ?? undefined,
      owningAgency: value('owningAgency'),
      position: value('position'),
      purposes: this.#texts.list(chosen),
      purposesUnsaid: this.#purposesUnsaid,
      linkedAgencies: this.#at.has('linkedAgencies')
        ? this.#texts.list((this.#values.get('linkedAgencies') as string[] | null) ?? [])
        : undefined,
      linkNetwork: value('linkNetwork'),
      brand: value('brand'),
      model: value('model'),
      recordedResolution: value('recordedResolution'),
      highestResolution: value('highestResolution'),
      retentionDays: value('retentionDays'),
      frameRate: value('frameRate'),
      fileFormat: value('fileFormat'),
      lao: this.#texts.lao(value('laoName'), value('laoDistrict'), value('laoProvince')),
      budgetSource: value('budgetSource'),
      scope: value('scope'),
      declared: value('declared'),
      declaredReason: value('declaredReason'),
      latitude: value('latitude'),
      longitude: value('longitude'),
      stream,
      site: value('site'),
    };
  }

  #purposes(): Purpose[] {
    if (this.#at.has('purposes')) {
      const named = this.#values.get('purposes') as Purpose[] | null | undefined;
      if (named === null || named?.length === 0) this.#problem('purposes', noPurpose);
      return named ?? [];
    }
    const chosen = purposes.filter((purpose) => this.#values.get(purpose) === true);
    const readable = purposes.every(
      (purpose) => !this.#at.has(purpose) || this.#values.has(purpose),
    );
    if (chosen.length === 0 && readable) {
      this.#problem(purposes.find((purpose) => this.#at.has(purpose)) ?? 'prevention', noPurpose);
    }
    return chosen;
  }

  #stream(): GivenStream | null | undefined {
    if (!this.#at.has('url')) return undefined;
    const address = this.#values.get('url');
    if (typeof address !== 'string') {
      // The address itself is not readable, and said so already.
      if (!this.#values.has('url')) return undefined;
      for (const key of ['username', 'password'] as const) {
        if (typeof this.#values.get(key) === 'string') {
          this.#problem(key, 'มีชื่อผู้ใช้หรือรหัสผ่าน แต่ไม่มีที่อยู่สัญญาณภาพ');
        }
      }
      return null;
    }
    if (this.#values.get('scope') === 'closed-area') {
      this.#problem('url', `กล้องในพื้นที่ปิดเฉพาะนับจำนวนอย่างเดียว ห้ามเชื่อมโยงภาพ: “${closedAreaRule}”`);
      return undefined;
    }
    const split = splitStreamAddress(address);
    if (this.#networks !== undefined && isOutside(this.#networks, split.url)) {
      this.#warning('url', outsideThai);
    }
    for (const key of ['username', 'password'] as const) {
      const cell = this.#values.get(key);
      if (typeof cell === 'string' && split[key] !== null && split[key] !== cell) {
        this.#problem(key, 'ไม่ตรงกับที่อยู่ในที่อยู่สัญญาณภาพ');
      }
      if (split[key] === null) continue;
      const reading = columnOf(key).read(split[key]);
      if ('problem' in reading) this.#problem('url', reading.problem);
    }
    const own = this.#values.get('username') as string | null | undefined;
    const password = this.#values.get('password') as string | null | undefined;
    const optional = (key: ColumnKey): never => (this.#values.get(key) ?? undefined) as never;
    return {
      url: split.url,
      username: split.username ?? own,
      password: password ?? split.password ?? undefined,
      transport: optional('transport'),
      sound: optional('sound'),
      record: optional('record'),
    };
  }

  /** Of an address, `#stream` says it. */
  #checkClosed(): void {
    if (this.#values.get('scope') !== 'closed-area') return;
    for (const key of ['linkedAgencies', 'linkNetwork'] as const) {
      if ((this.#values.get(key) ?? null) === null) continue;
      this.#problem(
        key,
        `กล้องในพื้นที่ปิดเฉพาะนับจำนวนอย่างเดียว ไม่เชื่อมโยงกับหน่วยงานใด กรุณาเว้นช่องนี้ว่าง: “${closedAreaRule}”`,
      );
    }
  }

  #checkPlace(): void {
    const latitude = this.#values.get('latitude');
    const longitude = this.#values.get('longitude');
    if (typeof latitude === 'number' && typeof longitude === 'number') {
      const { south, north, west, east } = THAILAND;
      if (latitude < south || latitude > north || longitude < west || longitude > east) {
        this.#warning('latitude', 'พิกัดอยู่นอกประเทศไทย อาจสลับละติจูดกับลองจิจูด');
      }
    } else if (typeof latitude === 'number' && this.#isEmpty('longitude')) {
      this.#problem('longitude', 'ต้องใส่ละติจูดคู่กับลองจิจูด');
    } else if (typeof longitude === 'number' && this.#isEmpty('latitude')) {
      this.#problem('latitude', 'ต้องใส่ละติจูดคู่กับลองจิจูด');
    }
  }

  #checkResolutions(): void {
    const recorded = this.#values.get('recordedResolution');
    const highest = this.#values.get('highestResolution');
    if (typeof recorded !== 'string' || typeof highest !== 'string') return;
    if (pixels(recorded) > pixels(highest)) {
      this.#warning('recordedResolution', `มากกว่าความละเอียดสูงสุด (${highest})`);
    }
  }

  /** Left empty, or without a column. */
  #isEmpty(key: ColumnKey): boolean {
    return !this.#at.has(key) || this.#values.get(key) === null;
  }

  #problem(key: ColumnKey, reason: string): void {
    this.#problems.push(this.#remark(key, reason));
  }

  #warning(key: ColumnKey, reason: string): void {
    this.#warnings.push(this.#remark(key, reason));
  }

  #remark(key: ColumnKey, reason: string): CellRemark {
    const index = this.#at.get(key);
    return {
      cell: index === undefined ? null : cellName(index, this.#row.number),
      heading:
        (index === undefined ? undefined : this.#columns.get(index))?.heading ??
        columnOf(key).heading,
      text: key === 'password' || key === 'url' ? '' : this.#shown(key),
      reason,
    };
  }

  #shown(key: ColumnKey): string {
    const index = this.#at.get(key);
    const text = index === undefined ? '' : textOf(this.#row.cells[index]).trim();
    return this.#texts.own(
      text.length > MAX_SHOWN_TEXT ? `${text.slice(0, MAX_SHOWN_TEXT)}…` : text,
    );
  }
}

function oddReason(cell: Cell, column: Column): string | undefined {
  if (cell === undefined || typeof cell === 'string') return undefined;
  switch (cell.kind) {
    case 'date':
      return `Excel แสดงช่องนี้เป็นวันที่ (${cell.text}) กรุณาเปลี่ยนรูปแบบเซลล์เป็น “ข้อความ” แล้วพิมพ์ใหม่`;
    case 'error':
      return `สูตรในช่องนี้ผิดพลาด (${cell.text.slice(0, MAX_SHOWN_TEXT)})`;
    case 'formula':
      return 'สูตรในช่องนี้ยังไม่มีผลลัพธ์ กรุณาเปิดไฟล์ด้วย Excel แล้วบันทึกใหม่ หรือพิมพ์ค่าลงไป';
    case 'merged':
      return `เซลล์ถูกผสานข้ามหลายคอลัมน์ ไม่รู้ว่าเป็นค่าของ “${column.heading}” หรือไม่ กรุณายกเลิกการผสานเซลล์`;
  }
}

function pixels(resolution: string): number {
  const [width, height] = resolution.split('x');
  return Number(width) * Number(height);
}
