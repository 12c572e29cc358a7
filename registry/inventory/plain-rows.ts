import type { XmlFeed } from './xml-part.ts';

/**
 * Rows of a sheet as nearly every program writes them, read without the XML parser: it makes an event of each tag and attribute,
 * sixty of them for a row of the inventory. A row that is written in any other way is the parser's, and so is all around the rows.
 */

export interface PlainCell {
  /** `AB12` */
  address: string;
  /** Of the sheet's styles; undefined: 0. */
  style: string | undefined;
  type: string | undefined;
  /** Undefined: there is none. */
  value: string | undefined;
}

export interface PlainRow {
  number: number;
  cells: readonly PlainCell[];
}

/** A row that has not ended after so many characters is the parser's, and all behind it. */
const MAX_ROW_LENGTH = 2 ** 20;
const TABLE = '<sheetData>';
const ROW = '<row';
const ROW_END = '</row>';

/** Attributes in the order in which they are written, so that none comes twice; what stands behind `r` says nothing of cells. */
const rowTag =
  /<row r="(\d{1,7})"(?: spans="[\d: ]*")?(?: s="\d*")?(?: customFormat="\w*")?(?: ht="[\d.]*")?(?: hidden="\w*")?(?: customHeight="\w*")?(?: x14ac:dyDescent="[\d.]*")?(\/?)>/y;
/** XML 1.0: no tag, nothing that is not allowed (§2.2) or is read as something else (§2.11); entities that need no declaration (§4.6). */
const plain = String.raw`[^<&\0-\x08\n-\x1f\x7f\ufffe\uffff]*`;
const text = String.raw`(${plain}(?:&(?:amp|lt|gt|quot|apos);${plain})*)`;
const cell = new RegExp(
  String.raw`<c r="([A-Z]{1,3}\d{1,7})"(?: s="(\d{1,6})")?(?: t="([a-zA-Z]{1,9})")?(?:/>|>(?:<v>${text}</v>|<is><t(?: xml:space="preserve")?>${text}</t></is>)</c>)`,
  'y',
);
const blanks = /[ \t\r\n]*/y;

/**
 * Gives plain rows to `take`, and all else to the parser. `isBetweenRows`: whether what the parser has seen ends within the sheet's
 * table, outside of its rows.
 */
export function plainRows(options: {
  isBetweenRows: () => boolean;
  take: (row: PlainRow) => void;
}): XmlFeed {
  const { isBetweenRows, take } = options;
  let at: 'before' | 'rows' | 'behind' = 'before';
  /** What is not whole yet. */
  let rest = '';

  function begin(parse: (xml: string) => void): void {
    const found = rest.indexOf(TABLE);
    const end = found < 0 ? Math.max(0, rest.length - TABLE.length + 1) : found;
    parse(rest.slice(0, end));
    rest = rest.slice(end);
    if (found < 0) return;
    // Within a comment it is none, or it is the second.
    const wasThere = isBetweenRows();
    parse(TABLE);
    rest = rest.slice(TABLE.length);
    at = isBetweenRows() && !wasThere ? 'rows' : 'behind';
  }

  function takeRows(parse: (xml: string) => void): void {
    let from = 0;
    for (;;) {
      from = endOf(blanks, rest, from);
      const read = rest.startsWith(ROW, from) ? readRow(rest, from) : undefined;
      if (read !== undefined) {
        take(read.row);
        from = read.end;
        continue;
      }
      const end = rest.startsWith(ROW, from) ? rest.indexOf(ROW_END, from) : -1;
      if (end < 0) break;
      const xml = rest.slice(from, end + ROW_END.length);
      parse(xml);
      from = end + ROW_END.length;
      if (isOneRow(xml) && isBetweenRows()) continue;
      at = 'behind';
      break;
    }
    rest = rest.slice(from);
    if (at === 'behind') return;
    const mayBegin = rest.startsWith(ROW) || ROW.startsWith(rest);
    if (!mayBegin || rest.length > MAX_ROW_LENGTH) at = 'behind';
  }

  return {
    piece(more, parse) {
      rest += more;
      if (at === 'before') begin(parse);
      if (at === 'rows') takeRows(parse);
      if (at !== 'behind') return;
      parse(rest);
      rest = '';
    },
    end(parse) {
      parse(rest);
    },
  };
}

/** Undefined: not plain, or not whole. */
function readRow(xml: string, from: number): { row: PlainRow; end: number } | undefined {
  rowTag.lastIndex = from;
  const tag = rowTag.exec(xml);
  if (tag === null) return undefined;
  const [, number, slash] = tag;
  const cells: PlainCell[] = [];
  const row = { number: Number(number), cells };
  let end = rowTag.lastIndex;
  if (slash === '/') return { row, end };
  for (;;) {
    cell.lastIndex = end;
    const found = cell.exec(xml);
    if (found === null) break;
    end = cell.lastIndex;
    const [, address = '', style, type, value, inline] = found;
    cells.push({ address, style, type, value: unescapedOf(value ?? inline) });
  }
  return xml.startsWith(ROW_END, end) ? { row, end: end + ROW_END.length } : undefined;
}

/** That the parser, behind it, is where it was before it: nothing else can have begun in it. */
function isOneRow(xml: string): boolean {
  return (
    xml.lastIndexOf(ROW) === 0 &&
    xml.indexOf('</row') === xml.length - ROW_END.length &&
    !/<[!?]/.test(xml)
  );
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};

function unescapedOf(value: string | undefined): string | undefined {
  if (value?.includes('&') !== true) return value;
  return value.replace(/&\w+;/g, (entity) => entities[entity] ?? entity);
}

function endOf(sticky: RegExp, xml: string, from: number): number {
  sticky.lastIndex = from;
  sticky.test(xml);
  return sticky.lastIndex;
}
