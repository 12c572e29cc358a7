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
export function noticeTitle({ kind, count, place, incident, round }: Notice): string {
  const of = placeName(place);
  switch (kind) {
    case 'cameras-fell':
      return incident === null
        ? `กล้อง ${count} ตัวของ ${of} ขัดข้อง ยังไม่กลับมาเอง`
        : `กล้อง ${count} ตัวของ ${of} ขัดข้องพร้อมกัน${incidentWords[incident.kind] ?? ''} ${incident.key}`;
    case 'cameras-returned':
      return `กล้อง ${count} ตัวของ ${of} กลับมาใช้งานได้`;
    case 'round-due':
      return `ใกล้กำหนดส่งแบบสำรวจของ ${of}: ${round?.title ?? ''}`;
    case 'round-late':
      return `เลยกำหนดส่งแบบสำรวจของ ${of}: ${round?.title ?? ''}`;
    case 'return-sent-back':
      return `แบบสำรวจของ ${of} ถูกส่งกลับให้แก้ไข: ${round?.title ?? ''}`;
    default:
      return `${of}: ${kind}`;
  }
}

function placeName({ province, district, lao }: NoticePlace): string {
  return lao ?? (district === null ? `จังหวัด${province}` : `อำเภอ${district}`);
}

/** Lines below the title. `address`: of the gateway as people reach it, without a slash at its end. */
export function noticeLines(notice: Notice, address: string | undefined): string[] {
  const { at, cameras, count, round } = notice;
  const more = count - cameras.length;
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
    ...(round === null || address === undefined ? [] : [`${address}/#/survey`]),
  ];
}
