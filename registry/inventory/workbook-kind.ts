import type { ZipParts } from './zip-parts.ts';
import { openZip } from './zip-parts.ts';
import { WorkbookRefused } from './workbook-refused.ts';

export const MAX_FILE_BYTES = 32 * 1024 * 1024;

export type OpenedFile = { kind: 'xlsx'; zip: ZipParts } | { kind: 'csv'; bytes: Uint8Array };

/**
 * What a file is, by its bytes and never by its name: people rename .xls to .xlsx.
 * Throws WorkbookRefused for what is neither an .xlsx without macros nor text.
 */
export function openFile(bytes: Uint8Array): OpenedFile {
  if (bytes.length === 0) throw new WorkbookRefused('empty_file');
  if (bytes.length > MAX_FILE_BYTES) throw new WorkbookRefused('file_too_large');
  if (begins(bytes, 0xd0, 0xcf, 0x11, 0xe0)) throw new WorkbookRefused(compoundFile(bytes));
  if (begins(bytes, 0x50, 0x4b)) {
    const zip = openZip(bytes);
    checkPackage(zip);
    return { kind: 'xlsx', zip };
  }
  // BIFF of Excel 2 to 4, and PDF and pictures, which people choose by mistake.
  if (begins(bytes, 0x09)) throw new WorkbookRefused('old_excel');
  if (begins(bytes, 0x25, 0x50, 0x44, 0x46) || begins(bytes, 0xff, 0xd8, 0xff)) {
    throw new WorkbookRefused('not_a_workbook');
  }
  return { kind: 'csv', bytes };
}

/** Both an .xls and an encrypted .xlsx are compound files ([MS-CFB]); the stream's name, UTF-16, tells them apart. */
function compoundFile(bytes: Uint8Array): 'encrypted' | 'old_excel' {
  const name = Buffer.from('EncryptedPackage', 'utf16le');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(name)
    ? 'encrypted'
    : 'old_excel';
}

function checkPackage(zip: ZipParts): void {
  if (zip.names.some((name) => /(^|\/)vbaProject\.bin$/i.test(name))) {
    throw new WorkbookRefused('macros');
  }
  if (zip.has('xl/workbook.bin')) throw new WorkbookRefused('binary_workbook');
  if (zip.has('mimetype') && zip.has('content.xml')) throw new WorkbookRefused('open_document');
  if (!zip.has('_rels/.rels')) throw new WorkbookRefused('not_a_workbook');
}

function begins(bytes: Uint8Array, ...first: readonly number[]): boolean {
  return first.every((byte, index) => bytes[index] === byte);
}
