import type { Notice, NoticePlace } from './notice.ts';

/** A notice in the words of an e-mail. In Thai: it goes to officers, whatever language their screens are in. */

const thaiTime = new Intl.DateTimeFormat('th-TH-u-ca-buddhist-nu-latn', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'Asia/Bangkok',
});
const thaiDate = new Intl.DateTimeFormat('th-TH-u-ca-buddhist-nu-latn', {
  dateStyle: 'long',
  timeZone: 'Asia/Bangkok',
});

const incidentWords: Readonly<Record<string, string>> = {
  site: 'ทั้งจุดติดตั้ง',
  network: 'ทั้งเครือข่าย',
};

/** One line. */
export function noticeTitle({ kind, count, place, incident, round, approval }: Notice): string {
  const of = placeName(place);
  switch (kind) {
    case 'cameras-fell':
      return incident === null
        ? `กล้อง ${count} ตัวของ ${of} ขัดข้อง ยังไม่กลับมาเอง`
        : `กล้อง ${count} ตัวของ ${of} ขัดข้องพร้อมกัน${incidentWords[incident.kind] ?? ''} ${incident.key}`;
    case 'cameras-returned':
      return `กล้อง ${count} ตัวของ ${of} กลับมาใช้งานได้`;
    case 'round-opened':
      return `เปิดรอบสำรวจของ ${of}: ${round?.title ?? ''}`;
    case 'round-due':
      return `ใกล้กำหนดส่งแบบสำรวจของ ${of}: ${round?.title ?? ''}`;
    case 'round-late':
      return `เลยกำหนดส่งแบบสำรวจของ ${of}: ${round?.title ?? ''}`;
    case 'return-sent-back':
      return `แบบสำรวจของ ${of} ถูกส่งกลับให้แก้ไข: ${round?.title ?? ''}`;
    case 'return-waiting':
      return `แบบสำรวจของ ${of} รอท่านตรวจรับ: ${round?.title ?? ''}`;
    case 'approval-waiting':
      return `รอท่านอนุมัติ: ขอลดวันเก็บภาพกล้อง ${count} ตัวของ ${of} เหลือ ${approval?.days ?? ''} วัน`;
    case 'lao-proposed':
      return `มี อปท. ที่เสนอเข้าบัญชี ${count} แห่งใน ${of} รอกรมตรวจ`;
    default:
      return `${of}: ${kind}`;
  }
}

function placeName({ province, district, lao }: NoticePlace): string {
  return lao ?? (district === null ? `จังหวัด${province}` : `อำเภอ${district}`);
}

/** Lines below the title. `address`: of the gateway as people reach it, without a slash at its end. */
export function noticeLines(notice: Notice, address: string | undefined): string[] {
  const { at, kind, cameras, count, round, approval } = notice;
  const more = kind === 'lao-proposed' ? 0 : count - cameras.length;
  return [
    `เมื่อ ${thaiTime.format(Date.parse(at))} น.`,
    ...cameras.map(({ position, id }) =>
      address === undefined
        ? `- ${position}`
        : `- ${position}  ${address}/#/register/${encodeURIComponent(id)}`,
    ),
    ...(more > 0 ? [`และอีก ${more} ตัว`] : []),
    ...(round?.dueOn == null ? [] : [`กำหนดส่ง ${thaiDate.format(Date.parse(round.dueOn))}`]),
    ...(round?.reason == null ? [] : [`เหตุผล: ${round.reason}`]),
    ...(approval === null ? [] : [`ผู้ขอ ${approval.requestedBy} เหตุผล: ${approval.reason}`]),
    ...(address === undefined ? [] : screenOf(notice).map((hash) => `${address}/${hash}`)),
  ];
}

/** Where it is seen to, as the screens' address has it. */
function screenOf({ kind, round, approval }: Notice): string[] {
  if (kind === 'lao-proposed') return ['#/lists?status=proposed'];
  if (approval !== null) return ['#/keeping'];
  if (round === null) return [];
  return [
    round.returnId === null
      ? `#/rounds/${encodeURIComponent(round.id)}`
      : `#/returns/${encodeURIComponent(round.returnId)}`,
  ];
}
