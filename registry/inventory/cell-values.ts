import { isAgencyName } from '../agency-name.ts';
import { splitStreamAddress, StreamAddressNotValid } from '../stream-address.ts';
import { lineFault } from '../text.ts';
import { agencyKey, matchKey } from '../thai-names.ts';
import { unguarded } from './formula-guard.ts';
import { arabicDigits } from './thai-numbers.ts';

/** What a cell says, or why it cannot be taken: in Thai, for whoever filled it in. */
export type CellReading = { value: unknown } | { problem: string };

type Reader = (text: string) => CellReading;

const MAX_AGENCIES = 50;

/** One line of text. Line breaks within a cell, which Excel makes with Alt+Enter, are blanks. */
export function line(maxLength: number): Reader {
  return (raw) => {
    const text = unguarded(raw)
      .replace(/[\r\n\t\v]+/g, ' ')
      .trim()
      .normalize('NFC');
    if (text.length > maxLength) return { problem: `ยาวเกิน ${maxLength} ตัวอักษร` };
    const fault = lineFault(text);
    return fault === undefined ? { value: text } : { problem: faultWords[fault] };
  };
}

const faultWords = {
  control: 'มีอักขระที่มองไม่เห็น (อักขระควบคุม) กรุณาพิมพ์ใหม่',
  'nothing-to-see': 'มีแต่อักขระที่มองไม่เห็น กรุณาพิมพ์ใหม่',
} as const;

/** A name that cameras are counted under: of an LAO, or of a budget source. */
export function agency(maxLength: number): Reader {
  const one = line(maxLength);
  return (raw) => {
    const reading = one(raw);
    if ('problem' in reading || isAgencyName(String(reading.value))) return reading;
    return { problem: 'ต้องเป็นชื่อหน่วยงาน ไม่ใช่คำนำหน้า (เช่น ทต.) หรือเครื่องหมายอย่างเดียว' };
  };
}

/**
 * Names with ; or a line break between them; - is none. A name that holds such itself stands in quotation marks, which are
 * doubled within it.
 */
export function names(maxLength: number): Reader {
  const one = line(maxLength);
  return (raw) => {
    const found = new Map<string, string>();
    for (const [, quoted, plain = ''] of unguarded(raw).matchAll(listedName)) {
      const part = quoted?.replaceAll('""', '"') ?? plain;
      if (part.trim() === '' || (quoted === undefined && part.trim() === '-')) continue;
      const reading = one(part);
      if ('problem' in reading) return reading;
      const name = String(reading.value);
      // Two spellings of one agency are one; the first stays.
      const key = agencyKey(name);
      if (!found.has(key)) found.set(key, name);
    }
    if (found.size > MAX_AGENCIES) return { problem: `เกิน ${MAX_AGENCIES} หน่วยงาน` };
    return { value: [...found.values()] };
  };
}

const listedName = /(?<=^|[;\n\r])[^\S\n\r]*(?:"((?:[^"]|"")*)"\s*(?=$|[;\n\r])|([^;\n\r]*))/gu;

/** What `names` reads. */
export function namesText(listed: readonly string[]): string | null {
  const texts = listed.map((name) =>
    name === '-' || /[";]/u.test(name) ? `"${name.replaceAll('"', '""')}"` : name,
  );
  return texts.join('; ') || null;
}

export function word(meanings: ReadonlyMap<string, unknown>, expected: string): Reader {
  return (raw) => {
    const key = matchKey(raw);
    return meanings.has(key) ? { value: meanings.get(key) } : { problem: expected };
  };
}

/** 1920x1080, 1920 X 1080, 1920×1080, 1920*1080, 1,920 x 1,080, in either digits. */
export const resolution: Reader = (raw) => {
  const text = arabicDigits(raw).replace(/[\s,]/g, '').toLowerCase();
  const match = /^([1-9]\d{1,4})[x×*]([1-9]\d{1,4})(?:px|pixels?|พิกเซล)?$/u.exec(text);
  if (match === null) {
    return {
      problem: 'ต้องเป็น กว้าง x สูง เป็นจุดภาพ เช่น 1920x1080 (คำว่า 2MP หรือ Full HD บอกขนาดไม่ได้แน่นอน)',
    };
  }
  return { value: `${match[1]}x${match[2]}` };
};

export function wholeNumber(least: number, most: number, unit: string): Reader {
  return (raw) => {
    const text = plainNumber(raw).replace(new RegExp(`\\s*${unit}$`, 'u'), '');
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < least || value > most) {
      return { problem: `ต้องเป็นจำนวนเต็ม ${least} ถึง ${most}` };
    }
    return { value };
  };
}

export function number(least: number, most: number, withLeast: boolean): Reader {
  return (raw) => {
    const text = plainNumber(raw).replace(/\s*(?:fps|ภาพ\/วินาที|ภาพต่อวินาที|°)$/iu, '');
    const value = Number(text);
    const isNumber = /^[+-]?\d{1,9}(?:\.\d{1,17})?(?:e-?\d{1,2})?$/i.test(text);
    if (!isNumber || value > most || value < least || (value === least && !withLeast)) {
      return { problem: `ต้องเป็นตัวเลข ${withLeast ? `${least}` : `มากกว่า ${least}`} ถึง ${most}` };
    }
    return { value };
  };
}

/** Arabic digits, without the commas of thousands and the blanks around. */
function plainNumber(raw: string): string {
  return arabicDigits(raw)
    .trim()
    .replace(/(\d),(?=\d{3}(?:\D|$))/g, '$1');
}

export const cameraId: Reader = (raw) => {
  const text = raw.trim().toLowerCase();
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text)
    ? { value: text }
    : { problem: 'ไม่ใช่รหัสกล้องของระบบ กล้องใหม่ให้เว้นว่าง' };
};

/** Without its credentials; those are read again from the whole (row-reading.ts). */
export const streamAddress: Reader = (raw) => {
  try {
    splitStreamAddress(raw);
    return { value: raw.trim() };
  } catch (error) {
    if (!(error instanceof StreamAddressNotValid)) throw error;
    return {
      problem:
        'ที่อยู่สัญญาณภาพไม่ถูกต้อง ต้องขึ้นต้นด้วย rtsp:// หรือ rtsps:// และไม่มีช่องว่าง เช่น rtsp://192.168.1.64/stream1',
    };
  }
};

export function credential(maxLength: number): Reader {
  return (raw) => {
    const text = unguarded(raw);
    if (text.length > maxLength) return { problem: `ยาวเกิน ${maxLength} ตัวอักษร` };
    if (/[\p{Cc}\p{Cs}]/u.test(text)) return { problem: 'มีอักขระที่มองไม่เห็น (อักขระควบคุม)' };
    return { value: text };
  };
}
