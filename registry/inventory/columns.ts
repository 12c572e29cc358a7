import { inventoryFields, purposeLabels, purposes, type Purpose } from '../camera.ts';
import * as read from './cell-values.ts';
import * as words from './cell-words.ts';

/**
 * The columns of the inventory workbook, in order: the 11 fields under their printed headings (forms.md §3), and what
 * the registry keeps beside them. A column that a file leaves out changes nothing; an empty cell empties the field.
 */
export interface Column {
  key: ColumnKey;
  heading: string;
  /** Other headings that are this one: of the survey form, of older templates, in English. */
  aliases: readonly string[];
  /** A file without it is refused, and so is a row without it. */
  required: boolean;
  /** In characters. */
  width: number;
  /** Offered as a drop-down. */
  choices?: readonly string[];
  /** What to write there, for the instruction sheet. */
  note: string;
  example: string;
  /** The field of a camera, as in its JSON, that problems and differences are told by. */
  field: string;
  /** The value of what was typed there, or why there is none, in Thai. Never called for an empty cell. */
  read: (text: string) => read.CellReading;
  /** As NewCamera has it, for a camera told as JSON; what `read` reads. */
  write: (value: unknown) => string | number | null;
}

export type ColumnKey =
  | 'id'
  | 'owningAgency'
  | 'position'
  | Purpose
  | 'purposes'
  | 'linkedAgencies'
  | 'linkNetwork'
  | 'brand'
  | 'model'
  | 'recordedResolution'
  | 'highestResolution'
  | 'retentionDays'
  | 'frameRate'
  | 'fileFormat'
  | 'laoName'
  | 'laoDistrict'
  | 'laoProvince'
  | 'budgetSource'
  | 'scope'
  | 'declared'
  | 'declaredReason'
  | 'latitude'
  | 'longitude'
  | 'url'
  | 'username'
  | 'password'
  | 'transport'
  | 'sound'
  | 'record'
  | 'site';

export const purposesHeading = headingOf('purposes');

const MAX_NAME_LENGTH = 200;
const MAX_POSITION_LENGTH = 500;
const MAX_RETENTION_DAYS = 36_500;
const MAX_FRAME_RATE = 240;
const MAX_CREDENTIAL_LENGTH = 256;

export const columns: readonly Column[] = [
  column('id', {
    heading: 'รหัสกล้องในระบบ (ห้ามแก้ไข)',
    aliases: ['รหัสกล้องในระบบ', 'id'],
    width: 38,
    note: 'เว้นว่างสำหรับกล้องใหม่ ไฟล์ที่ส่งออกจากระบบมีรหัสนี้ให้แล้ว ระบบใช้จับคู่กับกล้องเดิม',
    read: read.cameraId,
  }),
  inventory('owningAgency', {
    required: true,
    width: 26,
    note: 'ชื่อหน่วยงานเจ้าของกล้อง',
    example: 'ทต.เกาะลันตาใหญ่',
    read: read.line(MAX_NAME_LENGTH),
  }),
  inventory('position', {
    required: true,
    width: 40,
    note: 'จุดที่ติดตั้งกล้อง เขียนให้รู้ว่าอยู่ที่ใด กล้องหลายตัวบนเสาเดียวกันเขียนซ้ำกันได้',
    example: 'หน้าตลาดสด ฝั่งถนนใหญ่',
    read: read.line(MAX_POSITION_LENGTH),
  }),
  ...purposes.map((purpose) =>
    column(purpose, {
      heading: purposeLabels[purpose],
      aliases: [purposeLabels[purpose].replace(/^\S+ /u, '')],
      width: 14,
      choices: [words.TICK],
      note: `ใส่ ${words.TICK} เมื่อกล้องใช้เพื่อการนี้ เลือกได้มากกว่าหนึ่งช่อง และต้องเลือกอย่างน้อยหนึ่งช่อง`,
      example: purpose === 'investigation' ? '' : words.TICK,
      field: 'purposes',
      read: read.word(words.ticks, `ใส่ ${words.TICK} หรือเว้นว่าง`),
      write: (value) => (value === true ? words.TICK : null),
    }),
  ),
  inventory('linkedAgencies', {
    width: 26,
    note: 'หน่วยงานที่เชื่อมโยงภาพด้วย หลายหน่วยงานคั่นด้วย ; ไม่มีให้เว้นว่าง',
    example: 'สภ.เกาะลันตา; ศูนย์ดำรงธรรมจังหวัดกระบี่',
    read: read.names(MAX_NAME_LENGTH),
    write: (value) => read.namesText(value as string[]),
  }),
  inventory('linkNetwork', {
    width: 22,
    note: 'โครงข่ายที่ใช้เชื่อมโยง',
    example: 'ใยแก้วนำแสง',
    read: read.line(MAX_NAME_LENGTH),
  }),
  inventory('brand', {
    width: 16,
    note: 'ยี่ห้อกล้อง',
    example: 'ยี่ห้อ ก',
    read: read.line(MAX_NAME_LENGTH),
  }),
  column('model', {
    heading: 'รุ่นของกล้อง',
    aliases: ['รุ่น'],
    width: 16,
    note: 'รุ่นตามป้ายบนตัวกล้อง',
    read: read.line(MAX_NAME_LENGTH),
  }),
  inventory('recordedResolution', {
    width: 16,
    choices: words.resolutions,
    note: 'กว้าง x สูง เป็นจุดภาพ เช่น 1920x1080',
    example: '1920x1080',
    read: read.resolution,
  }),
  inventory('highestResolution', {
    width: 16,
    choices: words.resolutions,
    note: 'กว้าง x สูง เป็นจุดภาพ ไม่ควรน้อยกว่าความละเอียดที่บันทึก',
    example: '1920x1080',
    read: read.resolution,
  }),
  inventory('retentionDays', {
    width: 12,
    note: 'จำนวนวัน เป็นจำนวนเต็ม',
    example: '30',
    read: read.wholeNumber(1, MAX_RETENTION_DAYS, 'วัน'),
  }),
  inventory('frameRate', {
    width: 12,
    note: 'ภาพต่อวินาที',
    example: '25',
    read: read.number(0, MAX_FRAME_RATE, false),
  }),
  inventory('fileFormat', {
    width: 14,
    choices: words.fileFormats,
    note: 'เช่น H.264, MP4',
    example: 'H.264',
    read: read.line(MAX_NAME_LENGTH),
  }),
  column('laoName', {
    heading: 'อปท.',
    aliases: ['องค์กรปกครองส่วนท้องถิ่น', 'ชื่อ อปท.'],
    required: true,
    width: 22,
    note: 'องค์กรปกครองส่วนท้องถิ่นที่ดูแลกล้อง',
    example: 'ทต.เกาะลันตาใหญ่',
    field: 'lao',
    read: read.agency(MAX_NAME_LENGTH),
  }),
  column('laoDistrict', {
    heading: 'อำเภอ',
    aliases: ['อำเภอ/เขต'],
    required: true,
    width: 16,
    note: 'อำเภอที่ อปท. ตั้งอยู่',
    example: 'เกาะลันตา',
    field: 'lao',
    read: read.line(MAX_NAME_LENGTH),
  }),
  column('laoProvince', {
    heading: 'จังหวัด',
    required: true,
    width: 14,
    note: 'จังหวัดที่ อปท. ตั้งอยู่',
    example: 'กระบี่',
    field: 'lao',
    read: read.line(MAX_NAME_LENGTH),
  }),
  column('budgetSource', {
    heading: 'แหล่งที่มางบประมาณ จากหน่วยงาน',
    aliases: ['แหล่งที่มางบประมาณจากหน่วยงาน', 'แหล่งที่มางบประมาณ'],
    required: true,
    width: 28,
    note: 'ชื่อหน่วยงานที่สนับสนุนเงินในการจัดซื้อและติดตั้งกล้อง',
    example: 'กรมส่งเสริมการปกครองท้องถิ่น',
    read: read.agency(MAX_NAME_LENGTH),
  }),
  column('scope', {
    heading: 'ประเภทพื้นที่',
    required: true,
    width: 22,
    choices: Object.values(words.scopeWords),
    note: 'พื้นที่ปิดเฉพาะ เช่น เขตพื้นที่ทำงาน (Office) นับจำนวนอย่างเดียว ห้ามใส่ข้อมูลการเชื่อมโยง โครงข่าย และที่อยู่สัญญาณภาพ',
    example: words.scopeWords['public-area'],
    read: read.word(words.scopes, `ต้องเป็น ${Object.values(words.scopeWords).join(' / ')}`),
    write: (value) => words.scopeWords[value as keyof typeof words.scopeWords],
  }),
  column('declared', {
    heading: 'สภาพการใช้งาน',
    aliases: ['สภาพกล้อง', 'สถานะ'],
    required: true,
    width: 18,
    choices: Object.values(words.declaredWords),
    note: 'ใช้งานได้ คือ ใช้งานได้เต็มประสิทธิภาพ นอกนั้นเลือกว่าซ่อมได้หรือไม่',
    example: words.declaredWords.working,
    read: read.word(words.declarations, `ต้องเป็น ${Object.values(words.declaredWords).join(' / ')}`),
    write: (value) => words.declaredWords[value as keyof typeof words.declaredWords],
  }),
  column('declaredReason', {
    heading: 'เหตุของสภาพการใช้งาน',
    width: 24,
    note: 'เช่น เลนส์แตก รออะไหล่',
    read: read.line(MAX_POSITION_LENGTH),
  }),
  column('latitude', {
    heading: 'ละติจูด',
    width: 12,
    note: 'องศาทศนิยม เช่น 7.5349 ใส่คู่กับลองจิจูด',
    example: '7.5349',
    read: read.number(-90, 90, true),
  }),
  column('longitude', {
    heading: 'ลองจิจูด',
    width: 12,
    note: 'องศาทศนิยม เช่น 99.0931',
    example: '99.0931',
    read: read.number(-180, 180, true),
  }),
  column('url', {
    heading: 'ที่อยู่สัญญาณภาพ (RTSP)',
    aliases: ['ที่อยู่สัญญาณภาพ', 'rtsp', 'url'],
    width: 40,
    note: 'เช่น rtsp://192.168.1.64/stream1 เว้นว่างเมื่อยังไม่เชื่อมโยง',
    example: 'rtsp://192.168.1.64/stream1',
    field: 'stream.url',
    read: read.streamAddress,
  }),
  column('username', {
    heading: 'ชื่อผู้ใช้ของกล้อง',
    width: 14,
    note: 'ชื่อผู้ใช้สำหรับดูภาพจากกล้อง',
    example: 'viewer',
    field: 'stream.username',
    read: read.credential(MAX_CREDENTIAL_LENGTH),
  }),
  column('password', {
    heading: 'รหัสผ่านของกล้อง',
    width: 14,
    note: 'ระบบเก็บแบบเข้ารหัสและไม่ส่งออกมาอีก เว้นว่างคือใช้รหัสผ่านเดิม',
    field: 'stream.password',
    read: read.credential(MAX_CREDENTIAL_LENGTH),
    write: () => null,
  }),
  column('transport', {
    heading: 'การรับสัญญาณ',
    width: 12,
    choices: Object.values(words.transportWords),
    note: 'ปกติเว้นว่าง คือ อัตโนมัติ',
    field: 'stream.transport',
    read: read.word(words.transports, `ต้องเป็น ${Object.values(words.transportWords).join(' / ')}`),
    write: (value) => words.transportWords[value as keyof typeof words.transportWords],
  }),
  column('sound', {
    heading: 'รับเสียงด้วย',
    aliases: ['เสียง'],
    width: 12,
    choices: [words.YES, words.NO],
    note: 'เว้นว่างคือไม่รับเสียง',
    field: 'stream.sound',
    read: read.word(words.truths, `ต้องเป็น ${words.YES} หรือ ${words.NO}`),
    write: (value) => (value === true ? words.YES : words.NO),
  }),
  column('record', {
    heading: 'บันทึกภาพ',
    width: 10,
    choices: [words.YES, words.NO],
    note: 'เว้นว่างคือบันทึก',
    field: 'stream.record',
    read: read.word(words.truths, `ต้องเป็น ${words.YES} หรือ ${words.NO}`),
    write: (value) => (value === true ? words.YES : words.NO),
  }),
  column('site', {
    heading: 'จุดรวมสัญญาณ',
    aliases: ['site'],
    width: 18,
    note: 'ชื่อจุดที่กล้องหลายตัวใช้สายหรือเครื่องบันทึกร่วมกัน ปกติเว้นว่าง',
    read: read.line(MAX_NAME_LENGTH),
  }),
];

export function columnOf(key: ColumnKey): Column {
  const found = columns.find((column) => column.key === key);
  if (found === undefined) throw new RangeError(`no column ${key}`);
  return found;
}

interface ColumnOptions {
  heading: string;
  aliases?: readonly string[];
  required?: boolean;
  width: number;
  choices?: readonly string[];
  note: string;
  example?: string;
  field?: string;
  read: Column['read'];
  write?: Column['write'];
}

function column(key: ColumnKey, options: ColumnOptions): Column {
  const { aliases = [], required = false, example = '', field = key, write = asItIs } = options;
  const { heading, width, choices, note, read } = options;
  return {
    key,
    heading,
    aliases,
    required,
    width,
    ...(choices === undefined ? {} : { choices }),
    note,
    example,
    field,
    read,
    write,
  };
}

function inventory(
  key: ColumnKey & (typeof inventoryFields)[number]['field'],
  options: Omit<ColumnOptions, 'heading'>,
): Column {
  const heading = headingOf(key);
  const { number } = inventoryFields.find(({ field }) => field === key) ?? { number: '' };
  return column(key, {
    ...options,
    heading,
    aliases: [`${number} ${heading}`, `${number}. ${heading}`],
  });
}

function headingOf(field: (typeof inventoryFields)[number]['field']): string {
  const found = inventoryFields.find((one) => one.field === field);
  if (found === undefined) throw new RangeError(`no field ${field}`);
  return found.thaiLabel;
}

function asItIs(value: unknown): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
