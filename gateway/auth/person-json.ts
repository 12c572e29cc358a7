import * as z from 'zod';
import { area, typedArea, type Area } from '#registry/area.ts';
import { findDistrict, findProvince, missingArea } from '#registry/areas/official-areas.ts';
import { typedLine } from '#registry/text.ts';
import type { Account } from './accounts.ts';
import { actionNames, tokenScopeNames } from './actions.ts';
import { levelsOf, roles, secondFactorRoles } from './actor.ts';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './password-rules.ts';

/** What people look like over HTTP: schemas that several routes share. */

const MAX_NAME_LENGTH = 200;
const MAX_EMAIL_LENGTH = 254;
const MAX_GRANTS = 20;

const exampleGrant = {
  role: 'owner',
  area: { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao: 'ทต.เกาะลันตาใหญ่' },
};

export const grant = z
  .strictObject({ role: z.enum(roles), area: typedArea })
  .superRefine(({ role, area: { level } }, context) => {
    if (!levelsOf[role].includes(level)) {
      context.addIssue({
        code: 'custom',
        path: ['area'],
        message: `the role ${role} is given for ${levelsOf[role].join(', ')}`,
        params: { code: 'area_not_of_role' },
      });
    }
  })
  // A right in a place that is not there would be one to nothing, and look like one to something.
  .superRefine(({ area: given }, context) => {
    const missing = missingPlaceOf(given);
    if (missing !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['area'],
        message: missing,
        params: { code: 'area_unknown' },
      });
    }
  })
  .overwrite(({ role, area: given }) => ({ role, area: officialArea(given) }))
  .meta({ id: 'Grant', examples: [exampleGrant] });

export const grants = z.array(grant).min(1, 'at least one role').max(MAX_GRANTS);

export const personName = typedLine(MAX_NAME_LENGTH).meta({ examples: ['สมชาย ใจดี'] });

export const email = z
  .string()
  .trim()
  .max(MAX_EMAIL_LENGTH)
  .pipe(z.email('must be an e-mail address'))
  .meta({ examples: ['somchai@lanta.go.th'] });

/** As typed: whether it will do is said by password-rules.ts, in one place, with a code. */
export const typedPassword = z
  .string()
  .max(MAX_PASSWORD_LENGTH * 4)
  .meta({ writeOnly: true, description: `${MIN_PASSWORD_LENGTH} characters or more` });

export const person = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    grants: z.array(z.object({ role: z.enum(roles), area })),
    disabled: z.boolean(),
    hasPassword: z.boolean().meta({ description: 'false until the one-time link was used' }),
    hasSecondFactor: z.boolean(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Person' });

export function personJson(account: Account): z.input<typeof person> {
  const {
    id,
    name,
    email: address,
    grants: held,
    disabled,
    hasPassword,
    hasSecondFactor,
  } = account;
  return {
    id,
    name,
    email: address,
    grants: held,
    disabled,
    hasPassword,
    hasSecondFactor,
    createdAt: new Date(account.createdMs).toISOString(),
  };
}

export function needsSecondFactor(held: readonly { role: (typeof roles)[number] }[]): boolean {
  return held.some(({ role }) => secondFactorRoles.has(role));
}

export const actionName = z.enum(actionNames);
export const tokenScope = z.enum(tokenScopeNames);

export const demoAccount = z.object({
  role: z.enum(roles),
  name: z.string(),
  email: z.string(),
  password: z.string(),
  code: z
    .string()
    .nullable()
    .meta({ description: 'of the second factor at this moment; null: it has none' }),
});

/** `GET /api/v1/session`: who asks, and what a sign-in page needs to know before anybody has. */
export const sessionJson = z
  .object({
    state: z.enum(['signed-out', 'second-factor', 'signed-in']).meta({
      description: 'second-factor: the password was right, POST /api/v1/session/second-factor next',
    }),
    person: z
      .object({
        id: z.string(),
        name: z.string(),
        email: z.string(),
        kind: z.enum(['person', 'token']),
        grants: z.array(z.object({ role: z.enum(roles), area })),
      })
      .nullable(),
    actions: z.array(actionName).meta({ description: 'what they may do somewhere' }),
    areas: z.partialRecord(actionName, z.array(area)).meta({
      description: 'where they may do each of those: less, it may be, than where they see cameras',
    }),
    secondFactor: z
      .object({
        enrolled: z.boolean(),
        shown: z.boolean(),
        required: z.boolean().meta({
          description: 'a role of theirs gives nothing until a second factor is set up and shown',
        }),
      })
      .nullable(),
    expiresAt: z.iso.datetime().nullable(),
    setUp: z
      .boolean()
      .meta({ description: 'false: nobody has an account yet, use the set-up link' }),
    openId: z.object({ name: z.string(), address: z.string() }).nullable(),
    demo: z
      .array(demoAccount)
      .nullable()
      .meta({ description: 'this is a demo, with these accounts; null: it is not' }),
  })
  .meta({ id: 'Session' });

/** What of an area there is not, in words; undefined: its province and district are there. */
function missingPlaceOf(given: Area): string | undefined {
  if (given.level === 'country') return undefined;
  const district = given.level === 'province' ? undefined : given.district;
  return missingArea(given.province, district)?.message;
}

/** As cameras' places are spelled, which rights are compared with: จ.กระบี่ is กระบี่. */
function officialArea(given: Area): Area {
  if (given.level === 'country') return given;
  const province = findProvince(given.province)?.name ?? given.province;
  if (given.level === 'province') return { ...given, province };
  return {
    ...given,
    province,
    district: findDistrict(province, given.district)?.name ?? given.district,
  };
}
