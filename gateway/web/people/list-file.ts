import type { ListReport } from '../api/people.ts';

/** Lists of people as files. Pure. */

/** To be filled in by a province; the headings are those that the gateway reads (gateway/auth/people-list.ts). */
export const exampleList =
  'ชื่อ,อีเมล,บทบาท,อปท.,อำเภอ,จังหวัด\r\n' +
  'สมชาย ใจดี,somchai@lanta.go.th,เจ้าของกล้อง,ทต.เกาะลันตาใหญ่,เกาะลันตา,กระบี่\r\n';

/** Names, addresses and one-time links, to be handed out. */
export function csvOf({ rows }: ListReport, origin: string): string {
  const lines = rows
    .filter(({ link }) => link !== null)
    .map(({ name, email, link }) => [name, email, new URL(link ?? '', origin).href]);
  return [['ชื่อ', 'อีเมล', 'ลิงก์ใช้ครั้งเดียว'], ...lines]
    .map((cells) => cells.map(cell).join(','))
    .join('\r\n');
}

/** RFC 4180, and no formula: a name may begin with `=`, and Excel would run it. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
