/**
 * Everything that somebody may be allowed to do, by name. A route declares one of these (`config: { action }`); a new
 * kind of act gets a line here and one in policy.ts.
 */
export const actions = {
  'camera.list': 'รายการกล้องและสถานะ · list cameras and their state',
  'camera.read': 'ดูข้อมูลกล้อง · read a camera',
  'camera.watch': 'ดูภาพสด · watch live pictures',
  'camera.create': 'เพิ่มกล้อง · register a camera',
  'camera.edit': 'แก้ไขข้อมูลกล้อง · change a camera',
  'camera.delete': 'ลบกล้อง · delete a camera, and bring it back',
  'camera.credentials': 'ตั้งรหัสผ่านของกล้อง · set where and how a stream is pulled',
  'camera.import': 'นำเข้าบัญชีกล้อง · import an inventory',
  'camera.export': 'ส่งออกบัญชีกล้อง · export an inventory',
  'camera.test': 'ทดสอบการเชื่อมต่อ · try an address, look for cameras',
  'camera.declare': 'แจ้งสภาพกล้อง · declare a camera’s condition',
  'repair.list': 'ดูงานซ่อม · see what is to be repaired',
  'repair.keep': 'บันทึกงานซ่อม · keep the repair log',
  'place.propose': 'เสนอ อปท. หรือแหล่งงบประมาณ · propose an LAO or a budget source',
  'place.manage':
    'จัดการบัญชี อปท. แหล่งงบประมาณ และไซต์ · keep the lists of LAOs, budget sources and sites',
  'survey.read': 'ดูผลสำรวจและรอบสำรวจ · read counts, rounds and returns of the survey',
  'survey.fill': 'กรอกและลงนามแบบสำรวจของ อปท. · fill in and sign an LAO’s return',
  'survey.district': 'รวบรวมแบบสำรวจของอำเภอ · collect, review and sign for a district',
  'survey.province': 'รวบรวมแบบสำรวจของจังหวัด · collect, review and sign for a province',
  'survey.country': 'เปิดรอบสำรวจและรับแบบสำรวจของจังหวัด · open rounds, and review provinces’ returns',
  'footage.list': 'ดูว่ามีภาพย้อนหลังช่วงใด · see what is recorded',
  'footage.play': 'ดูภาพย้อนหลัง · play recorded pictures',
  'footage.download': 'ดาวน์โหลดภาพย้อนหลัง · take recorded pictures away',
  'footage.hold': 'ระงับการลบภาพ · hold footage, so that nothing deletes it',
  'footage.release': 'ปล่อยภาพที่ระงับไว้ · release held footage',
  'retention.shorten': 'ขอลดวันเก็บภาพ · ask for fewer days of footage',
  'retention.approve': 'อนุมัติการลดวันเก็บภาพ · approve fewer days of footage',
  'deletions.read': 'ดูและส่งออกบันทึกการลบภาพ · read what was deleted, and why',
  'people.manage': 'จัดการผู้ใช้ในพื้นที่ · keep the people of an area',
  'audit.read': 'อ่านบันทึกการใช้งาน · read the audit log',
  'audit.export': 'ส่งออกบันทึกการใช้งาน · export the audit log with its proof',
  'metrics.read': 'ตัวชี้วัดของระบบ · read metrics',
} as const satisfies Readonly<Record<string, string>>;

export type Action = keyof typeof actions;
export const actionNames = Object.keys(actions) as Action[];

/** What an API token may be limited to. */
export const tokenScopes = {
  'cameras:read': ['camera.list', 'camera.read', 'camera.export'],
  'cameras:write': [
    'camera.create',
    'camera.edit',
    'camera.delete',
    'camera.credentials',
    'camera.import',
    'camera.test',
    'camera.declare',
    'place.propose',
  ],
  repairs: ['camera.declare', 'repair.list', 'repair.keep'],
  places: ['place.manage'],
  'survey:read': ['survey.read'],
  'survey:write': ['survey.fill', 'survey.district', 'survey.province', 'survey.country'],
  live: ['camera.watch'],
  footage: ['footage.list', 'footage.play', 'footage.download', 'footage.hold', 'deletions.read'],
  retention: ['footage.release', 'retention.shorten', 'retention.approve'],
  people: ['people.manage'],
  audit: ['audit.read', 'audit.export'],
  metrics: ['metrics.read'],
} as const satisfies Readonly<Record<string, readonly Action[]>>;

export type TokenScope = keyof typeof tokenScopes;
export const tokenScopeNames = Object.keys(tokenScopes) as TokenScope[];
