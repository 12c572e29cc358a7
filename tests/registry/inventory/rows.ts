/** The fewest columns that a file must have, and rows that fill them. */
export const headings = [
  'ชื่อหน่วยงานเจ้าของกล้อง',
  'ตำแหน่งในการติดตั้งกล้อง',
  '๓.๑ เพื่อป้องกันและเฝ้าระวัง',
  'จำนวนวันในการเก็บการบันทึก',
  'อปท.',
  'อำเภอ',
  'จังหวัด',
  'แหล่งที่มางบประมาณ จากหน่วยงาน',
  'ประเภทพื้นที่',
  'สภาพการใช้งาน',
  'ที่อยู่สัญญาณภาพ (RTSP)',
];

export const goodRow = [
  'ทต.เกาะลันตาใหญ่',
  'หน้าตลาดสด',
  '✓',
  '๓๐',
  'ทต.เกาะลันตาใหญ่',
  'เกาะลันตา',
  'กระบี่',
  'กรมส่งเสริมการปกครองท้องถิ่น',
  'พื้นที่สาธารณะ',
  'ใช้งานได้',
  '',
];

export function rowWith(changes: Readonly<Record<string, string>>): string[] {
  return goodRow.map((cell, index) => changes[headings[index] ?? ''] ?? cell);
}

export function csvOf(...rows: readonly (readonly string[])[]): Uint8Array {
  return Buffer.from(rows.map((row) => `${row.join(',')}\r\n`).join(''));
}
