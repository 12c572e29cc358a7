import { ThrownAwayThreads } from '../thrown-away-threads.ts';
import type { LaoRow } from './read-lao-rows.ts';

/** The list of the country is some hundred kilobytes. */
export const MAX_LAO_FILE_BYTES = 4 * 1024 * 1024;
const READ_MS = 20_000;
const HEAP_MB = 256;
const MAX_AT_ONCE = 2;

/** The file as a whole is not taken; nothing of it was. */
export class LaoFileRefused extends Error {
  readonly code = 'lao_file_refused';
  /** `thai`: why, and what to do, for whoever made the file. */
  readonly details: { reason: string; thai: string };
  constructor(details: { reason: string; thai: string }) {
    super(`the list is not taken: ${details.reason}`);
    this.details = details;
  }
}

/** As many are being read as may be; the client may come again. */
export class TooManyLaoFiles extends Error {
  readonly code = 'too_many_lao_files';
}

/** What such a thread is started with. */
export interface LaoFileOrder {
  bytes: Uint8Array;
}

export type ReadLaoFile = { rows: LaoRow[] } | { refused: { reason: string; thai: string } };

const threads = new ThrownAwayThreads<LaoFileOrder>({
  url: new URL('lao-file-thread.ts', import.meta.url),
  name: 'lao-file',
  heapMb: HEAP_MB,
});

const notRead = {
  reason: 'not_read',
  thai: 'ระบบอ่านไฟล์นี้ไม่สำเร็จ ไม่มีข้อมูลใดถูกบันทึก กรุณาใช้แบบฟอร์มที่ดาวน์โหลดจากระบบ',
};

/** In the order of the file. Throws LaoFileRefused, TooManyLaoFiles. `bytes` are handed over. */
export async function readLaoFile(bytes: Uint8Array<ArrayBuffer>): Promise<LaoRow[]> {
  if (threads.running >= MAX_AT_ONCE) throw new TooManyLaoFiles('too many lists are being read');
  const outcome = await threads.ask<ReadLaoFile>(
    { bytes },
    { withinMs: READ_MS, handedOver: [bytes.buffer] },
  );
  const read = 'answer' in outcome ? outcome.answer : { refused: notRead };
  if ('refused' in read) throw new LaoFileRefused(read.refused);
  return read.rows;
}
