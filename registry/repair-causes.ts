/**
 * What a camera broke by, by code, with the words that an officer reads, and what is declared of it while it is reported.
 * A code that has been stored is never changed; the screens read this file too, so it imports nothing.
 */
export const repairCauses = {
  power: 'ระบบไฟฟ้า · power',
  line: 'สายสัญญาณหรือโครงข่าย · line or network',
  recorder: 'เครื่องบันทึก · recorder',
  camera: 'ตัวกล้อง · the camera itself',
  lens: 'เลนส์หรือฝาครอบ ภาพไม่ชัด · lens or housing',
  aim: 'กล้องหันผิดทิศหรือถูกบัง · turned away or covered',
  settings: 'การตั้งค่า · settings',
  lightning: 'ฟ้าผ่าหรือไฟกระชาก · lightning or surge',
  weather: 'น้ำท่วมหรือพายุ · flood or storm',
  accident: 'อุบัติเหตุ · accident',
  vandalism: 'ถูกทำลาย · vandalism',
  theft: 'ถูกโจรกรรม · theft',
  age: 'เสื่อมตามอายุ · age',
  unknown: 'ยังไม่ทราบ · not known yet',
} as const satisfies Readonly<Record<string, string>>;

export type RepairCause = keyof typeof repairCauses;
export const repairCauseNames = Object.keys(repairCauses) as RepairCause[];

/** The reason of the declaration that a report makes (declaration-reasons.ts). */
export function declaredReasonOf(cause: RepairCause): string {
  switch (cause) {
    case 'power':
    case 'line':
      return cause;
    case 'lens':
    case 'aim':
    case 'settings':
      return 'below-efficiency';
    default:
      return 'not-working';
  }
}
