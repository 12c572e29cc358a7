import * as z from 'zod';
import { REDACTED } from './redact-stream-address.ts';
import {
  MAX_STREAM_URL_LENGTH,
  splitSnapshotAddress,
  splitStreamAddress,
  StreamAddressNotValid,
  type StreamAddress,
} from './stream-address.ts';
import { storedLine } from './text.ts';

/**
 * A camera as the registry knows it: the 11 fields of the supplementary inventory (บัญชีสำรวจข้อมูลเพิ่มเติม), in
 * the order of the form, and beside them what the survey counts by and where the stream is. JSON names are public.
 */

/** The four groups whose filling-in the letter asks to improve: the order of a form on screen. */
export type InventoryGroup = 'installation' | 'purpose' | 'connection' | 'recording';

/** The 11 fields with their printed headings, letter for letter. */
export const inventoryFields = [
  {
    field: 'owningAgency',
    number: '๑',
    thaiLabel: 'ชื่อหน่วยงานเจ้าของกล้อง',
    group: 'installation',
  },
  {
    field: 'position',
    number: '๒',
    thaiLabel: 'ตำแหน่งในการติดตั้งกล้อง',
    group: 'installation',
  },
  {
    field: 'purposes',
    number: '๓',
    thaiLabel: 'วัตถุประสงค์ของกล้อง แบ่งเป็น ๓ ประเภท และต้องมีความยืดหยุ่นกัน',
    group: 'purpose',
  },
  {
    field: 'linkedAgencies',
    number: '๔',
    thaiLabel: 'ข้อมูลการเชื่อมโยงหน่วยงาน',
    group: 'connection',
  },
  {
    field: 'linkNetwork',
    number: '๕',
    thaiLabel: 'โครงข่ายที่เชื่อมโยง',
    group: 'connection',
  },
  { field: 'brand', number: '๖', thaiLabel: 'ยี่ห้อกล้อง', group: 'recording' },
  {
    field: 'recordedResolution',
    number: '๗',
    thaiLabel: 'ความละเอียดของภาพที่บันทึก',
    group: 'recording',
  },
  {
    field: 'highestResolution',
    number: '๘',
    thaiLabel: 'ความละเอียดของการบันทึกสูงสุด',
    group: 'recording',
  },
  {
    field: 'retentionDays',
    number: '๙',
    thaiLabel: 'จำนวนวันในการเก็บการบันทึก',
    group: 'recording',
  },
  {
    field: 'frameRate',
    number: '๑๐',
    thaiLabel: 'จำนวนภาพต่อวินาทีที่บันทึก (Frame Rate)',
    group: 'recording',
  },
  { field: 'fileFormat', number: '๑๑', thaiLabel: 'รูปแบบไฟล์ที่บันทึก', group: 'recording' },
] as const satisfies readonly {
  field: string;
  number: string;
  thaiLabel: string;
  group: InventoryGroup;
}[];

/** The three kinds of field ๓; a camera may be of several. */
export const purposeLabels = {
  prevention: '๓.๑ เพื่อป้องกันและเฝ้าระวัง',
  investigation: '๓.๒ เพื่อสืบสวน สอบสวน ติดตามผู้กระทำความผิด',
  traffic: '๓.๓ เพื่อการจราจร',
} as const;

export type Purpose = keyof typeof purposeLabels;
export const purposes = Object.keys(purposeLabels) as Purpose[];
export const scopes = ['public-area', 'adjacent-road', 'closed-area'] as const;
export const declarations = ['working', 'under-repair', 'unrepairable'] as const;
export const transports = ['auto', 'tcp', 'udp'] as const;
export const tlsVerifications = ['system', 'pin', 'skip'] as const;

/** The inventory letter's words on closed areas. Such a camera is counted, and never linked. */
export const closedAreaRule =
  'โดยไม่ต้องกรอกข้อมูลการติดตั้งกล้องที่พื้นที่ปิดเฉพาะ เช่น เขตพื้นที่ทำงาน (Office) เขตหวงห้ามต่าง ๆ';

/** Fields that say something of a link, of which a camera in a closed area has none (forms.md §3). */
export function saidOfLink({
  linkedAgencies = [],
  linkNetwork = null,
  stream = null,
}: {
  linkedAgencies?: readonly string[] | undefined;
  linkNetwork?: string | null | undefined;
  stream?: unknown;
}): ('linkedAgencies' | 'linkNetwork' | 'stream')[] {
  return [
    ...(linkedAgencies.length > 0 ? ['linkedAgencies' as const] : []),
    ...(linkNetwork === null ? [] : ['linkNetwork' as const]),
    ...(stream === null ? [] : ['stream' as const]),
  ];
}

const MAX_NAME_LENGTH = 200;
const MAX_POSITION_LENGTH = 500;
const MAX_REASON_LENGTH = 500;
const MAX_LINKED_AGENCIES = 50;
const MAX_RETENTION_DAYS = 36_500;
const MAX_FRAME_RATE = 240;
const MAX_CREDENTIAL_LENGTH = 256;

const name = storedLine(MAX_NAME_LENGTH);
const resolution = z
  .string()
  .regex(/^[1-9]\d{1,4}x[1-9]\d{1,4}$/, 'must be width x height in pixels, such as 1920x1080')
  .meta({ examples: ['1920x1080'] });
const credential = z
  .string()
  .min(1)
  .max(MAX_CREDENTIAL_LENGTH)
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'must not hold control characters');

const fields = {
  owningAgency: name,
  position: storedLine(MAX_POSITION_LENGTH),
  purposes: z
    .array(z.enum(purposes))
    .min(1, 'at least one of the three purposes')
    .max(purposes.length)
    .refine((chosen) => new Set(chosen).size === chosen.length, 'a purpose stands twice'),
  linkedAgencies: z
    .array(name)
    .max(MAX_LINKED_AGENCIES)
    .refine((agencies) => new Set(agencies).size === agencies.length, 'an agency stands twice'),
  linkNetwork: name.nullable(),
  brand: name.nullable(),
  /** Beside field ๖, not of it. */
  model: name.nullable(),
  recordedResolution: resolution.nullable(),
  highestResolution: resolution.nullable(),
  /** Field ๙: how long the owner keeps recordings. */
  retentionDays: z.int().min(1).max(MAX_RETENTION_DAYS).nullable(),
  /** Field ๑๐: of the recording, not of the stream. */
  frameRate: z.number().positive().max(MAX_FRAME_RATE).nullable(),
  fileFormat: name.nullable(),
  lao: z.strictObject({ name, district: name, province: name }),
  budgetSource: name,
  scope: z.enum(scopes),
  declared: z.enum(declarations),
  declaredReason: storedLine(MAX_REASON_LENGTH).nullable(),
  latitude: z.number().min(-90).max(90).nullable(),
  longitude: z.number().min(-180).max(180).nullable(),
};

/** Where cameras share a line. */
const site = name.nullable();

/** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it, or without the colons. */
const fingerprint = z
  .string()
  .regex(/^[0-9a-f]{2}(?::?[0-9a-f]{2}){31}$/i, 'must be the SHA-256 of a certificate in hex')
  .transform((text) => text.replaceAll(':', '').toUpperCase().match(/../g)?.join(':') ?? text);

/** How the certificate of an rtsps or rtsp+https address is verified. */
const tls = z.object({ verify: z.enum(tlsVerifications), fingerprint: z.string().nullable() });

const newTls = z
  .strictObject({
    verify: tls.shape.verify.meta({
      description:
        'system: by the authorities that this machine trusts; pin: it must be the one of `fingerprint`; skip: not at all, ' +
        'so that whoever stands on the line can read the password and show other pictures',
    }),
    fingerprint: fingerprint.nullable().default(null),
  })
  .refine(({ verify, fingerprint: pinned }) => verify !== 'pin' || pinned !== null, {
    path: ['fingerprint'],
    message: 'to pin a certificate, give its fingerprint',
  });

const streamFields = {
  username: credential.nullable(),
  transport: z.enum(transports),
  tls,
  sound: z.boolean(),
  record: z.boolean(),
};

/** A stream as it is told: never with its password, and with *** in an address where one stood. */
const stream = z.object({
  url: z.string(),
  subUrl: z.string().nullable(),
  snapshotUrl: z.string().nullable(),
  ...streamFields,
});
export type Stream = z.infer<typeof stream>;

/** Who, by their account at that time, and the LAO that a district entered it for. */
export const authorship = z.object({
  id: z.string(),
  name: z.string(),
  proxyFor: z.string().nullable(),
});

/** What stands beside the fields that people give. */
const kept = {
  version: z.int().meta({ description: 'of the registration: send it back as If-Match' }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  declaredAt: z.iso.datetime().meta({ description: 'when the declared status was last given' }),
  scopeAttested: z.object({ by: authorship, at: z.iso.datetime() }).nullable().meta({
    description: 'who said last that the scope is right; null: registered before this was asked',
  }),
};

export const camera = z
  .object({ id: z.uuidv7(), ...fields, stream: stream.nullable(), site, ...kept })
  .meta({
    id: 'Camera',
    description: inventoryFields
      .map(({ number, thaiLabel }) => `${number} ${thaiLabel}`)
      .join('\n'),
  });
export type Camera = z.infer<typeof camera>;

const address = z.string().max(MAX_STREAM_URL_LENGTH);
const password = credential
  .nullable()
  .meta({ writeOnly: true, description: 'taken, and never given back' });
const subUrl = address
  .nullable()
  .meta({ description: 'of a smaller picture by the same credentials, for walls' });
const snapshotUrl = address.nullable().meta({
  description:
    'http, of a still picture by the same credentials (ONVIF GetSnapshotUri); shown by `POST /api/v1/cameras/:id/snapshot`',
  examples: ['http://192.168.1.64/onvif/snapshot'],
});

/** A stream as it is given, also to be tried out. Credentials within the address are moved to the two fields, which they must not contradict. */
export const newStream = z
  .strictObject({
    url: address,
    subUrl: subUrl.default(null),
    snapshotUrl: snapshotUrl.default(null),
    username: streamFields.username.default(null),
    password: password.default(null),
    transport: streamFields.transport.default('auto'),
    tls: newTls.default({ verify: 'system', fingerprint: null }),
    sound: streamFields.sound.default(false),
    record: streamFields.record.default(true),
  })
  .transform((given, context) => {
    let taken: Omit<typeof given, 'url'> = given;
    const addresses: Partial<Record<AddressPart, string>> = {};
    for (const part of addressParts) {
      const pasted = given[part];
      if (pasted === null) continue;
      const split = takeCredentials(taken, pasted, part, context);
      if (split === undefined) return z.NEVER;
      taken = split.given;
      addresses[part] = split.url;
    }
    return { ...given, ...taken, ...addresses };
  });
export type NewStream = z.output<typeof newStream>;

/** What changes of a stream; what is left out stays. Without its credentials no address leads to another device. */
const streamChange = z
  .strictObject({
    url: address.optional(),
    subUrl: subUrl.optional(),
    snapshotUrl: snapshotUrl.optional(),
    username: streamFields.username.optional(),
    password: password.optional(),
    transport: streamFields.transport.optional(),
    tls: newTls.optional(),
    sound: streamFields.sound.optional(),
    record: streamFields.record.optional(),
  })
  .meta({ id: 'StreamChange' });
export type StreamChange = z.output<typeof streamChange>;

interface Credentials {
  username: string | null;
  password: string | null;
}

/** Parts of a stream that are addresses. */
export const addressParts = ['url', 'subUrl', 'snapshotUrl'] as const;
export type AddressPart = (typeof addressParts)[number];

/** `given` with the credentials that stand in an address, and the address without them. */
function takeCredentials<Given extends Credentials>(
  given: Given,
  pastedUrl: string,
  path: AddressPart,
  context: z.RefinementCtx,
): { given: Given; url: string } | undefined {
  const split = addressOf(pastedUrl, path, context);
  if (split === undefined) return undefined;
  for (const field of ['username', 'password'] as const) {
    const pasted = split[field];
    if (pasted === null) continue;
    const checked = credential.safeParse(pasted);
    if (!checked.success || (given[field] !== null && given[field] !== pasted)) {
      context.addIssue({
        code: 'custom',
        path: [field],
        message: checked.success
          ? `the address holds another ${field}`
          : `the ${field} within the address is not valid`,
      });
    }
  }
  const username = given.username ?? split.username;
  const password = given.password ?? split.password;
  return { given: { ...given, username, password }, url: split.url };
}

const exampleCamera = {
  owningAgency: 'ทต.เกาะลันตาใหญ่',
  position: 'หน้าตลาดสด',
  purposes: ['prevention', 'traffic'],
  linkedAgencies: ['สภ.เกาะลันตา'],
  linkNetwork: 'ใยแก้วนำแสงของเทศบาล',
  brand: 'ยี่ห้อ ก',
  recordedResolution: '1920x1080',
  highestResolution: '1920x1080',
  retentionDays: 30,
  frameRate: 25,
  fileFormat: 'H.264',
  lao: { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' },
  budgetSource: 'กรมส่งเสริมการปกครองท้องถิ่น',
  scope: 'public-area',
  declared: 'working',
  latitude: 7.6453,
  longitude: 99.0388,
  stream: { url: 'rtsp://192.168.1.64/stream1', username: 'viewer', password: 'secret' },
  site: null,
};

/** What a person or another system gives to register a camera. Unknown names are refused: a misspelt one would be lost. */
export const newCamera = z
  .strictObject({
    ...fields,
    linkedAgencies: fields.linkedAgencies.default([]),
    linkNetwork: fields.linkNetwork.default(null),
    brand: fields.brand.default(null),
    model: fields.model.default(null),
    recordedResolution: fields.recordedResolution.default(null),
    highestResolution: fields.highestResolution.default(null),
    retentionDays: fields.retentionDays.default(null),
    frameRate: fields.frameRate.default(null),
    fileFormat: fields.fileFormat.default(null),
    declaredReason: fields.declaredReason.default(null),
    latitude: fields.latitude.default(null),
    longitude: fields.longitude.default(null),
    stream: newStream.nullable().default(null),
    site: site.default(null),
  })
  .superRefine((given, context) => {
    refuseClosedLink(given, context);
    for (const part of addressParts) {
      // As an address is shown, of this registry or another one: without the secret it would sign nobody in.
      if (given.stream?.[part]?.includes(REDACTED) !== true) continue;
      context.addIssue({
        code: 'custom',
        path: ['stream', part],
        message: `${REDACTED} stands where its password was: type it in again`,
        params: { code: 'secret_left_out' },
      });
    }
    if ((given.latitude === null) !== (given.longitude === null)) {
      context.addIssue({
        code: 'custom',
        path: [given.latitude === null ? 'latitude' : 'longitude'],
        message: 'latitude and longitude go together',
      });
    }
  })
  .meta({ examples: [exampleCamera] });
export type NewCamera = z.output<typeof newCamera>;

/**
 * What changes of a camera; what is left out stays. `stream: null` unlinks it. A change to `closed-area` ends the link
 * of a camera, with its agencies and its network; with any of them beside it, it is refused.
 */
export const cameraChange = z
  .object(fields)
  .partial()
  .extend({ stream: streamChange.nullable().optional(), site: site.optional() })
  .strict()
  .superRefine((change, context) => {
    refuseClosedLink(change, context);
    if (Object.keys(change).length === 0) {
      context.addIssue({ code: 'custom', message: 'changes nothing' });
    }
  })
  .meta({ examples: [{ brand: 'ยี่ห้อ ข', declared: 'under-repair', declaredReason: 'เลนส์แตก' }] });
export type CameraChange = z.output<typeof cameraChange>;

function refuseClosedLink(
  given: Parameters<typeof saidOfLink>[0] & { scope?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (given.scope !== 'closed-area') return;
  for (const field of saidOfLink(given)) {
    context.addIssue({
      code: 'custom',
      path: [field],
      message: `a camera in a closed area is counted, never linked: ${closedAreaRule}`,
      params: { code: 'closed_area_never_linked' },
    });
  }
}

function addressOf(
  url: string,
  path: AddressPart,
  context: z.RefinementCtx,
): StreamAddress | undefined {
  try {
    return splitPart(path, url);
  } catch (error) {
    if (!(error instanceof StreamAddressNotValid)) throw error;
    context.addIssue({ code: 'custom', path: [path], message: error.message });
    return undefined;
  }
}

/** As it is pasted into that part. Throws StreamAddressNotValid. */
export function splitPart(part: AddressPart, pasted: string): StreamAddress {
  return part === 'snapshotUrl' ? splitSnapshotAddress(pasted) : splitStreamAddress(pasted);
}
