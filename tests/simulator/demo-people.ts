import type { Grant, Role } from '#gateway/auth/actor.ts';
import { country, type Area } from '#registry/area.ts';

/** Of all accounts of the demo: it is printed, and shown on the sign-in page. */
export const DEMO_PASSWORD = 'krabi-demo-camera';

const krabi: Area = { level: 'province', province: 'กระบี่' };
const kohLanta: Area = { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' };
const lanta: Area = { ...kohLanta, level: 'lao', lao: 'ทต.เกาะลันตาใหญ่' };

const people: readonly [role: Role, name: string, area: Area][] = [
  ['owner', 'สมชาย ใจดี', lanta],
  ['district', 'สุดา ทะเลงาม', kohLanta],
  ['province', 'ประสิทธิ์ อันดามัน', krabi],
  ['dla', 'วิภา ศรีสยาม', country],
  ['operator', 'มานะ เฝ้าดี', country],
  ['investigator', 'ร.ต.อ.กล้า สืบสวน', krabi],
  ['approver', 'อารีย์ พิจารณา', krabi],
  ['auditor', 'ถาวร ตรวจการ', country],
  ['administrator', 'ปรีชา ดูแล', country],
];

/** A named person for each role, in the areas of the form's example. */
export const demoPeople: readonly {
  name: string;
  email: string;
  password: string;
  grants: Grant[];
}[] = people.map(([role, name, area]) => ({
  name,
  email: `${role}@example.go.th`,
  password: DEMO_PASSWORD,
  grants: [{ role, area }],
}));
