import type { Camera } from '../camera.ts';
import type { LeadingName, LeadingSource } from '../leading-names.ts';
import type { Row } from './compared-row.ts';

/** What is said of the names of LAOs and budget sources that rows use, in Thai. */

/** Why a row is of another LAO than it says. */
export function leadingReason({ reading, given }: Row, { why }: LeadingName): string {
  const name = `“${reading.given?.lao.name ?? ''}”`;
  const now = calledNow(given.lao);
  return why === 'merged'
    ? `${name} ถูกรวมไว้กับ ${now} แล้ว กล้องจึงเป็นของ อปท. นั้น`
    : `${name} ใน “${reading.given?.lao.district ?? ''}” เป็นชื่อเดิมของ ${now} กล้องจึงเป็นของ อปท. นั้น`;
}

export function sourceReason({ reading, given }: Row, { why }: LeadingSource): string {
  const name = `“${reading.given?.budgetSource ?? ''}”`;
  return why === 'merged'
    ? `${name} ถูกรวมไว้กับ “${given.budgetSource}” แล้ว`
    : `${name} เป็นชื่อเดิมของ “${given.budgetSource}”`;
}

export function unknownReason(name: string, list: string): string {
  return `ไม่มี “${name}” ใน${list} กรุณาตรวจตัวสะกด ถ้าถูกต้องแล้ว ระบบจะเสนอเพิ่มชื่อนี้`;
}

/** It was the name of several. */
export function severalReason({ reading }: Row, { to }: LeadingName): string {
  const all = to.map(calledNow).join(' และของ ');
  return `“${reading.given?.lao.name ?? ''}” เป็นชื่อเดิมของ ${all} กรุณาระบุชื่อปัจจุบันของ อปท.`;
}

export function severalSourcesReason({ reading }: Row, { to }: LeadingSource): string {
  const all = to.map((one) => `“${one}”`).join(' และของ ');
  return `“${reading.given?.budgetSource ?? ''}” เป็นชื่อเดิมของ ${all} กรุณาระบุชื่อปัจจุบัน`;
}

function calledNow({ name, district, province }: Camera['lao']): string {
  return `“${name}” อำเภอ${district} จังหวัด${province}`;
}
