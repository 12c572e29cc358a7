/** Why a file as a whole is not taken; screens show `thaiReasons`. */
export const thaiReasons = {
  empty_file: 'ไฟล์ว่างเปล่า ไม่มีข้อมูล',
  file_too_large: 'ไฟล์ใหญ่เกิน 32 เมกะไบต์ กรุณาแบ่งเป็นหลายไฟล์',
  not_a_workbook:
    'ไฟล์นี้ไม่ใช่ไฟล์ Excel (.xlsx) หรือ CSV ที่อ่านได้ กรุณาเปิดด้วย Excel แล้วบันทึกเป็น “Excel Workbook (.xlsx)”',
  damaged: 'ไฟล์เสียหาย อ่านไม่ได้ กรุณาเปิดด้วย Excel แล้วบันทึกใหม่',
  old_excel: 'ไฟล์ Excel รุ่นเก่า (.xls) อ่านไม่ได้ กรุณาเปิดด้วย Excel แล้วบันทึกเป็น “Excel Workbook (.xlsx)”',
  encrypted: 'ไฟล์นี้เข้ารหัสหรือใส่รหัสผ่านไว้ กรุณาเอารหัสผ่านออกใน Excel แล้วบันทึกเป็น “Excel Workbook (.xlsx)”',
  binary_workbook: 'ไฟล์ .xlsb อ่านไม่ได้ กรุณาเปิดด้วย Excel แล้วบันทึกเป็น “Excel Workbook (.xlsx)”',
  open_document: 'ไฟล์ .ods อ่านไม่ได้ กรุณาเปิดด้วย LibreOffice แล้วบันทึกเป็น “Excel 2007–365 (.xlsx)”',
  macros: 'ไฟล์นี้มีมาโคร (.xlsm) ระบบไม่รับไฟล์ที่มีมาโคร กรุณาบันทึกเป็น “Excel Workbook (.xlsx)”',
  strict_workbook: 'ไฟล์นี้บันทึกแบบ “Strict Open XML” กรุณาบันทึกใหม่เป็น “Excel Workbook (.xlsx)” แบบปกติ',
  document_type: 'ไฟล์นี้มีคำสั่งประกาศชนิดเอกสาร (DOCTYPE) ซึ่งไฟล์จาก Excel ไม่มี ระบบไม่รับเพื่อความปลอดภัย',
  too_much_inside:
    'ข้อมูลข้างในไฟล์ใหญ่ผิดปกติเมื่อเทียบกับขนาดไฟล์ ระบบไม่รับเพื่อความปลอดภัย กรุณาคัดลอกเฉพาะแถวที่ใช้ไปยังแบบฟอร์มใหม่',
  too_many_rows: 'ไฟล์มีข้อมูลเกิน 100,000 แถว กรุณาแบ่งเป็นหลายไฟล์',
  encoding_unknown:
    'อ่านตัวอักษรในไฟล์ CSV ไม่ได้ กรุณาบันทึกเป็น “CSV UTF-8” (ระบบรับ UTF-8, UTF-16 และ TIS-620/Windows-874)',
  cut_within_letter:
    'ไฟล์ CSV ขาดหายตอนท้าย (จบลงกลางตัวอักษร) อาจคัดลอกหรือดาวน์โหลดมาไม่ครบ กรุณาบันทึกไฟล์จากต้นฉบับใหม่ แล้วนำเข้าทั้งไฟล์',
  no_header: 'ไม่พบหัวตารางของแบบฟอร์มบัญชีกล้อง กรุณาใช้แบบฟอร์มที่ดาวน์โหลดจากระบบ และอย่าแก้หัวตาราง',
  several_sheets:
    'ไฟล์มีบัญชีกล้องในหลายแผ่นงาน ระบบอ่านได้ครั้งละแผ่นเดียว กรุณารวมไว้ในแผ่นเดียวกัน หรือแยกเป็นไฟล์ละแผ่น',
  header_twice: 'มีหัวตารางเดียวกันสองคอลัมน์',
  columns_missing: 'ขาดคอลัมน์ที่จำเป็น',
  no_rows: 'พบหัวตาราง แต่ไม่มีข้อมูลกล้องสักแถว',
} as const satisfies Readonly<Record<string, string>>;

export type RefusalCode = keyof typeof thaiReasons;

/** The file is not taken, and nothing of it was. `detail` names what in the file, in Thai. */
export class WorkbookRefused extends Error {
  readonly code = 'workbook_refused';
  readonly reason: RefusalCode;
  /** For people, in Thai. */
  readonly thai: string;
  constructor(reason: RefusalCode, detail?: string, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.thai = detail === undefined ? thaiReasons[reason] : `${thaiReasons[reason]}: ${detail}`;
  }
}
