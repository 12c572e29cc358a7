import { parse } from 'csv-parse';
import { MAX_COLUMNS, type Sheet, type SheetRow } from './sheet-row.ts';
import { WorkbookRefused } from './workbook-refused.ts';

/** A line longer than this is no row of an inventory. */
const MAX_RECORD_LENGTH = 200_000;
const DECODED_PIECE_BYTES = 256 * 1024;

/** A CSV file as Excel writes it: RFC 4180, in one of the encodings that Thai offices use. Throws WorkbookRefused. */
export function csvSheet(bytes: Uint8Array): Sheet {
  const encoding = encodingOf(bytes);
  return { name: '', rows: readRows(bytes, encoding) };
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-874';

/**
 * A byte order mark says it; so do the zero bytes of UTF-16. UTF-8 is valid or it is not, and Thai text in Windows-874
 * (TIS-620 with a few more) never is: its letters would be continuations without a beginning. What is not valid to its end is not
 * guessed to be the other: a file that ends within a letter is part of one, and the code page has no sign for bytes that broken
 * UTF-8 is full of, though decoders make controls of them.
 */
function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const head = bytes.subarray(0, 4_096);
  let evenZeros = 0;
  let oddZeros = 0;
  head.forEach((byte, index) => {
    if (byte !== 0) return;
    if (index % 2 === 0) evenZeros++;
    else oddZeros++;
  });
  if (evenZeros > 0 && oddZeros > 0) throw new WorkbookRefused('not_a_workbook');
  if (oddZeros > 0) return 'utf-16le';
  if (evenZeros > 0) return 'utf-16be';
  const utf8 = utf8Of(bytes);
  if (utf8 === 'whole') return 'utf-8';
  if (utf8 === 'cut') throw new WorkbookRefused('cut_within_letter');
  for (const byte of bytes) if (isNoneOf874(byte)) throw new WorkbookRefused('encoding_unknown');
  return 'windows-874';
}

/** `cut`: it has letters of several bytes, and its last one is not whole. */
function utf8Of(bytes: Uint8Array): 'whole' | 'cut' | 'none' {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let units = 0;
  try {
    for (let at = 0; at < bytes.length; at += DECODED_PIECE_BYTES) {
      const piece = bytes.subarray(at, at + DECODED_PIECE_BYTES);
      units += decoder.decode(piece, { stream: true }).length;
    }
  } catch {
    return 'none';
  }
  try {
    decoder.decode();
    return 'whole';
  } catch {
    // All of it but the end is ASCII: the end may be Thai of the code page.
    return units < bytes.length - MAX_LETTER_BYTES ? 'cut' : 'none';
  }
}

/** Of the last letter, what there can be while it is not whole: four bytes make one. */
const MAX_LETTER_BYTES = 3;

/** Microsoft's table of the code page has nothing there. */
function isNoneOf874(byte: number): boolean {
  return (
    (byte >= 0x81 && byte <= 0x90 && byte !== 0x85) ||
    (byte >= 0x98 && byte <= 0x9f) ||
    (byte >= 0xdb && byte <= 0xde) ||
    byte >= 0xfc
  );
}

async function* readRows(
  bytes: Uint8Array,
  encoding: Encoding,
): AsyncGenerator<readonly SheetRow[]> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decoded = (at: number): string => {
    try {
      const last = at + DECODED_PIECE_BYTES >= bytes.length;
      return decoder.decode(bytes.subarray(at, at + DECODED_PIECE_BYTES), { stream: !last });
    } catch (cause) {
      throw new WorkbookRefused('encoding_unknown', undefined, { cause });
    }
  };
  let rows: SheetRow[] = [];
  let number = 0;
  let failure: Error | undefined;
  const first = decoded(0);
  const parser = parse({
    delimiter: delimiterOf(first),
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_RECORD_LENGTH,
  });
  parser.on('error', (error) => (failure ??= error));
  parser.on('readable', () => {
    for (;;) {
      const record = parser.read() as string[] | null;
      if (record === null) return;
      number++;
      const cells = record.slice(0, MAX_COLUMNS).map((text) => text || undefined);
      if (cells.some((text) => text !== undefined && text.trim() !== ''))
        rows.push({ number, cells });
    }
  });
  for (let at = 0; at < bytes.length || at === 0; at += DECODED_PIECE_BYTES) {
    const text = at === 0 ? first : decoded(at);
    if (text.includes('\0')) throw new WorkbookRefused('not_a_workbook');
    await new Promise<void>((done) => parser.write(text, () => done()));
    await new Promise((done) => setImmediate(done));
    if (failure !== undefined) throw refusalOf(failure);
    if (rows.length > 0) {
      yield rows;
      rows = [];
    }
  }
  await new Promise<void>((done) => {
    parser.once('end', done);
    parser.once('error', () => done());
    parser.end();
  });
  if (failure !== undefined) throw refusalOf(failure);
  if (rows.length > 0) yield rows;
}

function refusalOf(failure: Error): WorkbookRefused {
  const line = 'lines' in failure ? Number(failure.lines) : Number.NaN;
  const detail = Number.isInteger(line) ? `เครื่องหมายคำพูด (") ไม่ครบคู่ ใกล้บรรทัดที่ ${line}` : undefined;
  return new WorkbookRefused('damaged', detail, { cause: failure });
}

/** Excel takes the list separator of the machine's region. */
function delimiterOf(text: string): string {
  const head = text.slice(0, 4_096);
  const count = (mark: string): number => head.split(mark).length;
  return [',', ';', '\t'].toSorted((a, b) => count(b) - count(a))[0] ?? ',';
}
