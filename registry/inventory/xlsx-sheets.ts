import { plainRows } from './plain-rows.ts';
import { dateText } from './thai-numbers.ts';
import { MAX_COLUMNS, type Cell, type OddCell, type Sheet, type SheetRow } from './sheet-row.ts';
import { WorkbookRefused } from './workbook-refused.ts';
import { readXml, xmlPieces, type XmlHandlers } from './xml-part.ts';
import type { ZipParts } from './zip-parts.ts';

/**
 * The visible sheets of an .xlsx (ISO/IEC 29500-1 §18), in their order. Of a formula its last result is taken; nothing
 * is calculated. Merged cells: the value of one that goes over several rows is that of each of them.
 *
 * The library's own streaming reader was tried first: it keeps only the last run of a rich inline string, leaves
 * merged cells out, and fails at a cell without its address, which the standard allows. Its XML parser is used.
 */

const MAX_SHEETS = 50;
const MAX_SHARED_STRINGS = 4_000_000;
const MAX_MERGES = 20_000;
/** ECMA-376 allows so many in a cell. */
const MAX_CELL_LENGTH = 32_767;
const MAX_ROW_NUMBER = 1_048_576;
const STRICT = 'http://purl.oclc.org/ooxml/';

interface WorkbookParts {
  sheets: readonly { name: string; part: string }[];
  sharedStrings: string | undefined;
  styles: string | undefined;
  date1904: boolean;
}

interface Merge {
  firstRow: number;
  lastRow: number;
  firstColumn: number;
  lastColumn: number;
}

/** Throws WorkbookRefused, also while rows are read. */
export async function xlsxSheets(zip: ZipParts): Promise<Sheet[]> {
  const workbook = await findParts(zip);
  const strings = await readSharedStrings(zip, workbook.sharedStrings);
  const dateStyles = await readDateStyles(zip, workbook.styles);
  return workbook.sheets.map(({ name, part }) => ({
    name,
    rows: readRows(zip, part, { strings, dateStyles, date1904: workbook.date1904 }),
  }));
}

async function findParts(zip: ZipParts): Promise<WorkbookParts> {
  const root = await readRelations(zip, '_rels/.rels', '');
  const workbookPart = root.find(({ type }) => type.endsWith('/officeDocument'))?.target;
  if (workbookPart === undefined || !zip.has(workbookPart)) {
    throw new WorkbookRefused('not_a_workbook');
  }
  if (!/^xl\//i.test(workbookPart) && !(await isSpreadsheet(zip, workbookPart))) {
    throw new WorkbookRefused('not_a_workbook');
  }
  const folder = workbookPart.slice(0, workbookPart.lastIndexOf('/') + 1);
  const relations = await readRelations(
    zip,
    `${folder}_rels/${workbookPart.slice(folder.length)}.rels`,
    folder,
  );
  const targets = new Map(relations.map(({ id, target }) => [id, target]));
  const sheets: { name: string; part: string }[] = [];
  let date1904 = false;
  await readXml(zip.read(workbookPart), {
    open(name, attributes) {
      if (Object.values(attributes).some((value) => value.startsWith(STRICT))) {
        throw new WorkbookRefused('strict_workbook');
      }
      if (name === 'workbookPr') date1904 = isTrue(attributes['date1904']);
      if (name !== 'sheet') return;
      const id = Object.entries(attributes).find(([key]) => /(^|:)id$/.test(key))?.[1];
      const part = id === undefined ? undefined : targets.get(id);
      const hidden = attributes['state'] === 'hidden' || attributes['state'] === 'veryHidden';
      // Chart sheets are listed as sheets too, and have no rows.
      if (hidden || part === undefined || !/worksheet/i.test(part) || !zip.has(part)) return;
      if (sheets.length < MAX_SHEETS) sheets.push({ name: attributes['name'] ?? '', part });
    },
  });
  const of = (kind: string): string | undefined => {
    const target = relations.find(({ type }) => type.endsWith(`/${kind}`))?.target;
    return target !== undefined && zip.has(target) ? target : undefined;
  };
  return { sheets, sharedStrings: of('sharedStrings'), styles: of('styles'), date1904 };
}

/** A Word document is a package too. */
async function isSpreadsheet(zip: ZipParts, part: string): Promise<boolean> {
  let root: string | undefined;
  await readXml(zip.read(part), { open: (name) => void (root ??= name) });
  return root === 'workbook';
}

async function readRelations(
  zip: ZipParts,
  part: string,
  folder: string,
): Promise<{ id: string; type: string; target: string }[]> {
  if (!zip.has(part)) throw new WorkbookRefused('damaged', part);
  const relations: { id: string; type: string; target: string }[] = [];
  await readXml(zip.read(part), {
    open(name, { Id: id = '', Type: type = '', Target: target = '' }) {
      if (type.startsWith(STRICT)) throw new WorkbookRefused('strict_workbook');
      if (name === 'Relationship') relations.push({ id, type, target: resolve(folder, target) });
    },
  });
  return relations;
}

/** Of a relation's target, relative to the folder of its part (ISO/IEC 29500-2 §8.3). */
function resolve(folder: string, target: string): string {
  const path: string[] = [];
  for (const step of (target.startsWith('/') ? target : folder + target).split('/')) {
    if (step === '..') path.pop();
    else if (step !== '' && step !== '.') path.push(step);
  }
  return path.join('/');
}

async function readSharedStrings(zip: ZipParts, part: string | undefined): Promise<string[]> {
  const strings: string[] = [];
  if (part === undefined) return strings;
  let text = '';
  let inText = false;
  let phonetic = 0;
  await readXml(zip.read(part), {
    open(name) {
      if (name === 'si') text = '';
      else if (name === 'rPh') phonetic++;
      else if (name === 't') inText = phonetic === 0;
    },
    text(piece) {
      if (inText && text.length < MAX_CELL_LENGTH) text += piece;
    },
    close(name) {
      if (name === 't') inText = false;
      else if (name === 'rPh') phonetic--;
      else if (name === 'si') {
        if (strings.length >= MAX_SHARED_STRINGS) throw new WorkbookRefused('too_much_inside');
        strings.push(unescaped(text.slice(0, MAX_CELL_LENGTH)));
      }
    },
  });
  return strings;
}

/** By index of a cell's style: whether its numbers are dates. */
async function readDateStyles(zip: ZipParts, part: string | undefined): Promise<boolean[]> {
  const dates: boolean[] = [];
  if (part === undefined) return dates;
  const formats = new Map<number, string>();
  let inCells = false;
  await readXml(zip.read(part), {
    open(name, attributes) {
      if (name === 'numFmt') {
        formats.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      } else if (name === 'cellXfs') inCells = true;
      else if (name === 'xf' && inCells) {
        const id = Number(attributes['numFmtId'] ?? 0);
        dates.push(isDateFormat(id, formats.get(id)));
      }
    },
    close(name) {
      if (name === 'cellXfs') inCells = false;
    },
  });
  return dates;
}

/** ISO/IEC 29500-1 §18.8.30: 14-22 and 45-47, those of Japan, China and Thailand (71-81), and whoever shows d or y. */
function isDateFormat(id: number, code: string | undefined): boolean {
  if ((id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 58)) return true;
  if (id >= 71 && id <= 81) return true;
  const shown = code?.replace(/"[^"]*"|\[[^\]]*\]|\\./g, '').split(';', 1)[0] ?? '';
  return /[dyวปค]/i.test(shown) || /h{1,2}:m/i.test(shown);
}

interface Context {
  strings: readonly string[];
  dateStyles: readonly boolean[];
  date1904: boolean;
}

async function* readRows(
  zip: ZipParts,
  part: string,
  context: Context,
): AsyncGenerator<readonly SheetRow[]> {
  const merges = new MergedCells(await readMerges(zip, part));
  let rows: SheetRow[] = [];
  let cells: Cell[] = [];
  let rowNumber = 0;
  let column = -1;
  let type: string | undefined;
  let style = 0;
  let inRow = false;
  let hasFormula = false;
  let inValue = false;
  let phonetic = 0;
  let value: string | undefined;
  let filled = false;
  /** Elements that are open, and how many are where rows stand. */
  let depth = 0;
  let tableDepth: number | undefined;

  function beginRow(number: number): void {
    if (!Number.isInteger(number) || number < 1 || number > MAX_ROW_NUMBER) {
      throw new WorkbookRefused('damaged');
    }
    rowNumber = number;
    inRow = true;
    cells = [];
    column = -1;
    filled = false;
  }
  function endCell(): void {
    if (column >= MAX_COLUMNS) return;
    const cell = cellOf(value, type, style, hasFormula, context);
    if (cell === undefined) return;
    cells[column] = cell;
    filled = true;
  }
  function endRow(): void {
    inRow = false;
    if (!filled) return;
    merges.apply(rowNumber, cells);
    rows.push({ number: rowNumber, cells });
  }

  const feed = plainRows({
    isBetweenRows: () => depth === tableDepth,
    take(row) {
      beginRow(row.number);
      hasFormula = false;
      for (const one of row.cells) {
        column = columnOf(one.address);
        type = one.type;
        style = Number(one.style ?? 0);
        value = one.value;
        endCell();
      }
      endRow();
    },
  });
  const handlers: XmlHandlers = {
    open(name, attributes) {
      depth++;
      switch (name) {
        case 'sheetData':
          tableDepth ??= depth;
          break;
        case 'c': {
          const letters = attributes['r'];
          column = letters === undefined ? column + 1 : columnOf(letters);
          type = attributes['t'];
          style = Number(attributes['s'] ?? 0);
          hasFormula = false;
          value = undefined;
          break;
        }
        case 'v':
        case 't':
          inValue = inRow && phonetic === 0;
          if (inValue) value ??= '';
          break;
        case 'f':
          hasFormula = true;
          break;
        case 'rPh':
          phonetic++;
          break;
        case 'row':
          beginRow(attributes['r'] === undefined ? rowNumber + 1 : Number(attributes['r']));
          break;
      }
    },
    text(piece) {
      if (inValue && value !== undefined && value.length < MAX_CELL_LENGTH) value += piece;
    },
    close(name) {
      depth--;
      switch (name) {
        case 'v':
        case 't':
          inValue = false;
          break;
        case 'rPh':
          phonetic--;
          break;
        case 'c':
          endCell();
          break;
        case 'row':
          endRow();
          break;
      }
    },
  };
  for await (const _piece of xmlPieces(zip.read(part), handlers, feed)) {
    if (rows.length === 0) continue;
    const batch = rows;
    rows = [];
    yield batch;
  }
}

function cellOf(
  value: string | undefined,
  type: string | undefined,
  style: number,
  hasFormula: boolean,
  { strings, dateStyles, date1904 }: Context,
): Cell {
  if (value === undefined) return hasFormula ? odd('formula', '') : undefined;
  switch (type) {
    case 's': {
      const text = strings[Number(value)];
      if (text === undefined) throw new WorkbookRefused('damaged');
      return text === '' ? undefined : text;
    }
    case 'str':
    case 'inlineStr':
      return value === '' ? undefined : unescaped(value);
    case 'b':
      return isTrue(value) ? 'TRUE' : 'FALSE';
    case 'e':
      return odd('error', value);
    case 'd':
      return odd('date', dateText(new Date(value)));
  }
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) return value === '' ? undefined : value;
  if (dateStyles[style] === true) return odd('date', dateText(dateOf(number, date1904)));
  // Excel writes 7.6452999999999998 for 7.6453.
  return String(number);
}

function odd(kind: OddCell['kind'], text: string): OddCell {
  return { kind, text };
}

/** Serial days (ISO/IEC 29500-1 §18.17.4.1); Excel's 29 February 1900 does not matter after it. */
function dateOf(serial: number, date1904: boolean): Date {
  return new Date(Math.round((serial - 25_569 + (date1904 ? 1_462 : 0)) * 86_400_000));
}

function columnOf(address: string): number {
  let column = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code < 65 || code > 90) break;
    column = column * 26 + code - 64;
  }
  // Three letters: XFD is the last.
  if (column === 0 || column > 18_278) throw new WorkbookRefused('damaged');
  return column - 1;
}

/** ISO/IEC 29500-1 §22.9.2.19: _x000D_ is a character that XML cannot hold. */
function unescaped(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9a-f]{4})_/gi, (_whole, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function isTrue(text: string | undefined): boolean {
  return text === '1' || text?.toLowerCase() === 'true';
}

/** They stand behind the rows that they are about: a pass of its own, which looks for nothing else. */
async function readMerges(zip: ZipParts, part: string): Promise<Merge[]> {
  const merges: Merge[] = [];
  let tail = '';
  for await (const piece of zip.read(part)) {
    const text =
      tail + Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    let end = 0;
    if (text.includes('mergeCell')) {
      for (const match of text.matchAll(
        /<(?:\w{1,20}:)?mergeCell\s[^<>]{0,100}?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"/g,
      )) {
        const [, firstLetters = '', firstRow = '', lastLetters = '', lastRow = ''] = match;
        merges.push({
          firstRow: Number(firstRow),
          lastRow: Number(lastRow),
          firstColumn: columnOf(firstLetters),
          lastColumn: columnOf(lastLetters),
        });
        if (merges.length > MAX_MERGES) throw new WorkbookRefused('too_much_inside');
        end = match.index + match[0].length;
      }
    }
    tail = text.slice(Math.max(end, text.length - 200));
  }
  return merges;
}

/** Gives each row what merged cells give it. Rows come in ascending order. */
class MergedCells {
  readonly #byFirstRow: Merge[];
  #next = 0;
  #open: { merge: Merge; value: Cell }[] = [];

  constructor(merges: readonly Merge[]) {
    this.#byFirstRow = merges.toSorted((a, b) => a.firstRow - b.firstRow);
  }

  apply(row: number, cells: Cell[]): void {
    if (this.#byFirstRow.length === 0) return;
    this.#open = this.#open.filter(({ merge }) => merge.lastRow >= row);
    for (const { merge, value } of this.#open) {
      if (merge.firstColumn < MAX_COLUMNS) cells[merge.firstColumn] ??= value;
    }
    for (;;) {
      const merge = this.#byFirstRow[this.#next];
      if (merge === undefined || merge.firstRow > row) return;
      this.#next++;
      if (merge.firstRow < row || merge.firstColumn >= MAX_COLUMNS) continue;
      const value = cells[merge.firstColumn];
      if (value === undefined) continue;
      const wide = merge.lastColumn > merge.firstColumn;
      // Of which of its columns it is the value, nobody can say. A heading may go over several.
      const given: Cell = wide && typeof value === 'string' ? odd('merged', value) : value;
      cells[merge.firstColumn] = given;
      if (merge.lastRow > row) this.#open.push({ merge, value: given });
    }
  }
}
