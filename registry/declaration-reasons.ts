/**
 * Why a camera is declared to be as it is, by code, with the words that an officer reads. The letter's own examples stand
 * first (forms.md §2c). A code that has been stored is never changed; the screens read this file too, so it imports nothing.
 */
export const declarationReasons = {
  working: {
    inspected: 'ตรวจ ณ จุดติดตั้งแล้ว ใช้งานเป็นปกติ · inspected on site',
    repaired: 'ซ่อมแล้ว กลับมาใช้งาน · repaired',
    'no-fault': 'ตรวจแล้วไม่พบความเสียหาย · no fault was found',
  },
  'under-repair': {
    'not-working': 'กล้องเสีย · broken',
    'below-efficiency': 'ทำงานได้ไม่เต็มประสิทธิภาพ · below full efficiency',
    power: 'ระบบไฟฟ้าขัดข้อง · power',
    line: 'สายสัญญาณหรือโครงข่ายขัดข้อง · line or network',
    'waiting-for-parts': 'รออะไหล่ · waiting for parts',
    'waiting-for-budget': 'รองบประมาณ · waiting for a budget',
    'at-contractor': 'อยู่ระหว่างผู้รับจ้างซ่อม · with the contractor',
  },
  unrepairable: {
    'no-spare-parts': 'กล้องเก่า ไม่มีอะไหล่ · old, no spare parts',
    'not-worth-repair': 'ราคาซ่อมไม่คุ้มค่า · repair not worth its price',
    destroyed: 'เสียหายทั้งหมด · destroyed',
    lost: 'สูญหายหรือถูกโจรกรรม · lost or stolen',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type DeclaredStatus = keyof typeof declarationReasons;

/** What it was said with: a form of the register or another system, a file, the repair log, a return of the survey. */
export const declarationSources = ['register', 'import', 'repair', 'survey'] as const;
export type DeclarationSource = (typeof declarationSources)[number];

/** In its own words: a note goes with it. */
export const OTHER_REASON = 'other';
/** Registered, imported or changed by another system without a reason. Nobody may give it any more. */
export const REASON_NOT_GIVEN = 'not-given';

/** Of one status, as they may be given. */
export function reasonsOf(status: DeclaredStatus): string[] {
  return [...Object.keys(declarationReasons[status]), OTHER_REASON];
}

/** As `ไทย · English`; undefined for the two that say nothing of their own. */
export function reasonText(status: DeclaredStatus, reason: string): string | undefined {
  const words: Readonly<Record<string, string>> = declarationReasons[status];
  return Object.hasOwn(words, reason) ? words[reason] : undefined;
}
