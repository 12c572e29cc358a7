/**
 * Every kind of act that the audit log holds, by name, with the words that an auditor reads. A new kind of act gets a
 * line here; a name that has been written is never changed, for entries of years ago carry it.
 */
export const auditActions = {
  'sign-in': 'เข้าสู่ระบบ · signed in',
  'sign-in.second-factor': 'ยืนยันตัวตนขั้นที่สอง · showed a second factor',
  'sign-out': 'ออกจากระบบ · signed out',
  'session.revoke': 'ยกเลิกเซสชัน · ended a session',
  'password.show': 'ยืนยันรหัสผ่านปัจจุบัน · showed their present password',
  'password.change': 'เปลี่ยนรหัสผ่าน · changed a password',
  'second-factor.set': 'ตั้งการยืนยันตัวตนขั้นที่สอง · set up a second factor',
  'second-factor.reset': 'รีเซ็ตการยืนยันตัวตนขั้นที่สอง · reset a second factor',
  'token.create': 'สร้างโทเคน API · made an API token',
  'token.revoke': 'ยกเลิกโทเคน API · revoked an API token',
  'person.create': 'เพิ่มผู้ใช้ · added a person',
  'person.change': 'แก้ไขผู้ใช้หรือบทบาท · changed a person or their roles',
  'person.disable': 'ปิดบัญชีผู้ใช้ · closed an account',
  'person.reset': 'ออกลิงก์ตั้งรหัสผ่านใหม่ · gave a one-time link',
  'person.import': 'นำเข้ารายชื่อผู้ใช้ · uploaded a list of people',
  'person.search': 'ค้นหาผู้ใช้ · searched people',
  'camera.search': 'ค้นหากล้อง · searched cameras',
  'camera.create': 'เพิ่มกล้อง · registered a camera',
  'camera.change': 'แก้ไขข้อมูลกล้อง · changed a camera',
  'camera.delete': 'ลบกล้อง · deleted a camera',
  'camera.restore': 'กู้คืนกล้อง · brought a camera back',
  'camera.declare': 'แจ้งสภาพกล้อง · declared a camera’s condition',
  'repair.open': 'แจ้งซ่อมกล้อง · reported a broken camera',
  'repair.change': 'บันทึกงานซ่อม · changed a repair',
  'camera.test': 'ทดสอบการเชื่อมต่อกล้อง · tried an address',
  'camera.discover': 'ค้นหาอุปกรณ์ในเครือข่าย · looked for devices',
  'camera.import': 'นำเข้าบัญชีกล้อง · imported an inventory',
  'camera.export': 'ส่งออกบัญชีกล้อง · exported an inventory',
  'place.change':
    'แก้ไขบัญชี อปท. แหล่งงบประมาณ หรือไซต์ · changed the lists of LAOs, budget sources or sites',
  'camera.watch.start': 'เริ่มดูภาพสด · began to watch live',
  'camera.watch.end': 'เลิกดูภาพสด · ended watching live',
  'footage.play': 'ดูภาพย้อนหลัง · played recorded pictures',
  'footage.download': 'ดาวน์โหลดภาพย้อนหลัง · took recorded pictures away',
  'access.refused': 'ถูกปฏิเสธการเข้าถึง · was refused',
  'audit.search': 'ค้นหาบันทึกการใช้งาน · read the audit log',
  'audit.export': 'ส่งออกบันทึกการใช้งาน · exported the audit log',
  'audit.prune': 'ลบบันทึกที่พ้นกำหนดเก็บ · removed entries past their time',
  'gateway.start': 'ระบบเริ่มทำงาน · the gateway started',
  'gateway.stop': 'ระบบหยุดทำงาน · the gateway stopped',
} as const satisfies Readonly<Record<string, string>>;

export type AuditAction = keyof typeof auditActions;
export const auditActionNames = Object.keys(auditActions) as AuditAction[];
