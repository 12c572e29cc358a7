import { ThrownAwayThreads } from '../thrown-away-threads.ts';
import type { FilledForm, FilledRow, FormProblem } from './filled-form.ts';

/** A filled form is some tens of kilobytes. */
export const MAX_FORM_BYTES = 2 * 1024 * 1024;
const READ_MS = 10_000;
const HEAP_MB = 128;
const MAX_AT_ONCE = 4;

/** Something in the form is wrong, or it is none: every cell with its reason, in Thai. */
export class FormRefused extends Error {
  readonly code = 'survey_form_refused';
  readonly details: { problems: FormProblem[] };
  constructor(problems: FormProblem[]) {
    super(`the form is not taken: ${problems.length} cells are to be mended`);
    this.details = { problems };
  }
}

/** As many are being read as may be; the client may come again. */
export class TooManyForms extends Error {
  readonly code = 'too_many_survey_forms';
}

/** What such a thread is started with. */
export interface FormOrder {
  bytes: Uint8Array;
  lao: { name: string };
}

const threads = new ThrownAwayThreads<FormOrder>({
  url: new URL('filled-form-thread.ts', import.meta.url),
  name: 'survey-form',
  heapMb: HEAP_MB,
});

const notRead: FormProblem = {
  cell: null,
  heading: '',
  text: '',
  reason: 'ระบบอ่านไฟล์นี้ไม่สำเร็จ ไม่มีข้อมูลใดถูกบันทึก กรุณาใช้แบบสำรวจที่ดาวน์โหลดจากระบบ',
};

/** Throws FormRefused, TooManyForms. `bytes` are handed over. */
export async function readFormFile(
  bytes: Uint8Array<ArrayBuffer>,
  lao: { name: string },
): Promise<FilledRow[]> {
  if (threads.running >= MAX_AT_ONCE) throw new TooManyForms('too many forms are being read');
  const outcome = await threads.ask<FilledForm>(
    { bytes, lao },
    { withinMs: READ_MS, handedOver: [bytes.buffer] },
  );
  const form = 'answer' in outcome ? outcome.answer : { problems: [notRead] };
  if ('problems' in form) throw new FormRefused(form.problems);
  return form.rows;
}
