import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import * as z from 'zod';
import {
  CameraNetworkNotValid,
  defaultCameraNetworks,
  parseCameraNetworks,
  type CameraNetworks,
} from '#registry/camera-networks.ts';

const MAX_WORKERS = 64;
/** พ.ร.บ. ว่าด้วยการกระทำความผิดเกี่ยวกับคอมพิวเตอร์ มาตรา ๒๖: traffic data is kept for no less. */
const MIN_AUDIT_DAYS = 90;
const MAX_AUDIT_DAYS = 36_500;
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export interface Config {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Absolute. */
  dataDir: string;
  /** PostgreSQL; undefined for SQLite files in the data folder. May hold a password: never logged. */
  databaseUrl: string | undefined;
  /** Of the key that passwords of cameras are sealed with; undefined: `secret.key` in the data folder. */
  secretKeyFile: string | undefined;
  /** Camera worker threads. */
  workers: number;
  logLevel: (typeof logLevels)[number];
  /** Where streams may be pulled from. */
  cameraNetworks: CameraNetworks;
  audit: {
    retentionDays: number;
    /** Undefined: in the data folder. */
    keyFile: string | undefined;
    /** Where anchors of the audit log are written too. */
    anchorFile: string | undefined;
  };
}

/** The environment asks for what cannot be. The message has a line for each variable. */
export class InvalidConfig extends Error {
  readonly code = 'invalid_config';
  readonly problems: readonly { variable: string; message: string }[];
  constructor(problems: readonly { variable: string; message: string }[]) {
    super(problems.map(({ variable, message }) => `${variable}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

/** Parses the environment, once, at the start. A variable that is set to nothing counts as not set. Throws InvalidConfig. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const result = variables.safeParse(set);
  if (!result.success) {
    throw new InvalidConfig(
      result.error.issues.map(({ path, message }) => ({ variable: path.join('.'), message })),
    );
  }
  const {
    HOST,
    PORT,
    DATA_DIR,
    DATABASE_URL,
    SECRET_KEY_FILE,
    WORKERS,
    LOG_LEVEL,
    CAMERA_NETWORKS,
  } = result.data;
  const { AUDIT_RETENTION_DAYS, AUDIT_KEY_FILE, AUDIT_ANCHOR_FILE } = result.data;
  return {
    host: HOST,
    port: PORT,
    dataDir: resolve(DATA_DIR),
    databaseUrl: DATABASE_URL,
    secretKeyFile: SECRET_KEY_FILE,
    workers: WORKERS,
    logLevel: LOG_LEVEL,
    cameraNetworks: CAMERA_NETWORKS,
    audit: {
      retentionDays: AUDIT_RETENTION_DAYS,
      keyFile: AUDIT_KEY_FILE,
      anchorFile: AUDIT_ANCHOR_FILE,
    },
  };
}

const wholeNumber = z
  .string()
  .trim()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);

const variables = z.object({
  HOST: z
    .string()
    .trim()
    .default('127.0.0.1')
    .refine(
      isLoopback,
      'only this machine (127.0.0.1, ::1, localhost) until the gateway has accounts: whoever reaches it sees every camera. ' +
        'From elsewhere, use an SSH tunnel',
    ),
  PORT: wholeNumber.pipe(z.number().max(65_535, 'must be 0 to 65535')).default(8_080),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .trim()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  // The thread that serves keeps a core, where there are two.
  SECRET_KEY_FILE: z
    .string()
    .transform((path) => resolve(path))
    .optional(),
  WORKERS: wholeNumber
    .pipe(z.number().min(1, 'must be 1 or more').max(MAX_WORKERS, `must be ${MAX_WORKERS} or less`))
    .default(Math.min(MAX_WORKERS, Math.max(1, availableParallelism() - 1))),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  CAMERA_NETWORKS: z
    .string()
    .transform((list, context): CameraNetworks => {
      const cidrs = list
        .split(',')
        .map((cidr) => cidr.trim())
        .filter((cidr) => cidr !== '');
      try {
        return parseCameraNetworks(cidrs);
      } catch (error) {
        if (!(error instanceof CameraNetworkNotValid)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .default(() => parseCameraNetworks(defaultCameraNetworks)),
  AUDIT_RETENTION_DAYS: wholeNumber
    .pipe(
      z
        .number()
        .min(
          MIN_AUDIT_DAYS,
          `must be ${MIN_AUDIT_DAYS} or more: the Computer Crime Act B.E. 2560, section 26, asks for it`,
        )
        .max(MAX_AUDIT_DAYS, `must be ${MAX_AUDIT_DAYS} or less`),
    )
    .default(MIN_AUDIT_DAYS),
  AUDIT_KEY_FILE: z
    .string()
    .transform((path) => resolve(path))
    .optional(),
  AUDIT_ANCHOR_FILE: z
    .string()
    .transform((path) => resolve(path))
    .optional(),
});

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
