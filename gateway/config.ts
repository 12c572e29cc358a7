import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import proxyAddr from '@fastify/proxy-addr';
import * as z from 'zod';
import {
  CameraNetworkNotValid,
  defaultCameraNetworks,
  parseCameraNetworks,
  type CameraNetworks,
} from '#registry/camera-networks.ts';
import { usualRules, type LivenessRules } from '#ingest/liveness.ts';
import type { S3Settings } from '#storage/objects/s3.ts';
import { demoAccountsGiven, type DemoAccountGiven } from './auth/demo-accounts.ts';
import type { OpenIdSettings } from './auth/open-id.ts';
import type { NoticeConfig } from './notices/keeper.ts';

const MAX_WORKERS = 64;
/** Of ADMIN_TOKEN, where others reach it. */
const MIN_TOKEN_LENGTH_BEYOND = 24;
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
  /** host:port; undefined: events go by the database. */
  kafkaBrokers: readonly string[] | undefined;
  /** Of the key that passwords of cameras are sealed with; undefined: `secret.key` in the data folder. */
  secretKeyFile: string | undefined;
  /** Camera worker threads. */
  workers: number;
  logLevel: (typeof logLevels)[number];
  /** Where streams may be pulled from. */
  cameraNetworks: CameraNetworks;
  /** How long something must last to be believed of a camera. */
  condition: LivenessRules;
  recording: {
    /** What was recorded is on the disk after this. */
    spoolSyncMs: number;
    /** Of what waits for a store that is away; undefined: half of the disk. */
    spoolMaxBytes: number | undefined;
    spoolMaxAgeMs: number;
    /** Of cameras whose inventory says nothing (field ๙), days. */
    defaultRetentionDays: number;
    /** Between the approval of a shorter retention and its first deletion, days. */
    shorteningGraceDays: number;
    /** Undefined: a folder in the data folder. Its keys are never logged. */
    s3: S3Settings | undefined;
  };
  audit: {
    retentionDays: number;
    /** Undefined: in the data folder. */
    keyFile: string | undefined;
    /** Where anchors of the audit log are written too. */
    anchorFile: string | undefined;
  };
  /** Of an administrator of the whole country, for automation. Never logged. */
  adminToken: string | undefined;
  /** PEM files. */
  tls: { certFile: string; keyFile: string } | undefined;
  /** Addresses and ranges of proxies whose X-Forwarded headers are believed; they speak TLS to browsers. */
  trustProxy: readonly string[] | undefined;
  openId: OpenIdSettings | undefined;
  notices: NoticeConfig;
  demoAccounts: readonly DemoAccountGiven[] | undefined;
  /** What the operator should know before they rely on it; a line each. */
  warnings: readonly string[];
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
    KAFKA_BROKERS,
    SECRET_KEY_FILE,
    WORKERS,
    LOG_LEVEL,
    CAMERA_NETWORKS,
  } = result.data;
  const { AUDIT_RETENTION_DAYS, AUDIT_KEY_FILE, AUDIT_ANCHOR_FILE } = result.data;
  const { ADMIN_TOKEN, TLS_CERT, TLS_KEY, TRUST_PROXY, DEMO_ACCOUNTS } = result.data;
  const behindTls = TLS_CERT !== undefined || TRUST_PROXY !== undefined;
  const warnings: string[] = [];
  if (!isLoopback(HOST) && !behindTls) warnings.push(withoutTls);
  if (ADMIN_TOKEN !== undefined && ADMIN_TOKEN.length < GOOD_TOKEN_LENGTH)
    warnings.push(shortToken);
  return {
    host: HOST,
    port: PORT,
    dataDir: resolve(DATA_DIR),
    databaseUrl: DATABASE_URL,
    kafkaBrokers: KAFKA_BROKERS,
    secretKeyFile: SECRET_KEY_FILE,
    workers: WORKERS,
    logLevel: LOG_LEVEL,
    cameraNetworks: CAMERA_NETWORKS,
    condition: {
      downAfterMs: result.data.DOWN_AFTER_MS,
      upAfterMs: result.data.UP_AFTER_MS,
      degradedAfterMs: result.data.DEGRADED_AFTER_MS,
    },
    recording: {
      spoolSyncMs: result.data.SPOOL_SYNC_MS,
      spoolMaxBytes:
        result.data.SPOOL_MAX_GB === undefined ? undefined : result.data.SPOOL_MAX_GB * 1e9,
      spoolMaxAgeMs: result.data.SPOOL_MAX_HOURS * 3_600_000,
      defaultRetentionDays: result.data.RETENTION_DAYS,
      shorteningGraceDays: result.data.RETENTION_GRACE_DAYS,
      s3: s3Of(result.data),
    },
    audit: {
      retentionDays: AUDIT_RETENTION_DAYS,
      keyFile: AUDIT_KEY_FILE,
      anchorFile: AUDIT_ANCHOR_FILE,
    },
    adminToken: ADMIN_TOKEN,
    tls:
      TLS_CERT === undefined || TLS_KEY === undefined
        ? undefined
        : { certFile: TLS_CERT, keyFile: TLS_KEY },
    trustProxy: TRUST_PROXY,
    openId: openIdOf(result.data),
    notices: noticesOf(result.data),
    demoAccounts: DEMO_ACCOUNTS,
    warnings,
  };
}

/** A name or an address, IPv6 in brackets, and a port. */
const BROKER = /^(?:[\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i;
const GOOD_TOKEN_LENGTH = 32;
const withoutTls =
  'HOST is beyond this machine, without TLS: passwords, sessions and pictures can be read on the way. ' +
  'Set TLS_CERT and TLS_KEY, or put a proxy with TLS before it and set TRUST_PROXY';
const shortToken = `ADMIN_TOKEN is shorter than ${GOOD_TOKEN_LENGTH} characters and may be guessed: make one with "openssl rand -base64 32"`;

function s3Of(given: {
  S3_ENDPOINT?: string | undefined;
  S3_BUCKET: string;
  S3_ACCESS_KEY?: string | undefined;
  S3_SECRET_KEY?: string | undefined;
}): S3Settings | undefined {
  const { S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY, S3_SECRET_KEY } = given;
  if (S3_ENDPOINT === undefined || S3_ACCESS_KEY === undefined || S3_SECRET_KEY === undefined) {
    return undefined;
  }
  return {
    endpoint: S3_ENDPOINT,
    bucket: S3_BUCKET,
    accessKey: S3_ACCESS_KEY,
    secretKey: S3_SECRET_KEY,
  };
}

function openIdOf(given: {
  OIDC_ISSUER?: string | undefined;
  OIDC_CLIENT_ID?: string | undefined;
  OIDC_CLIENT_SECRET?: string | undefined;
  OIDC_REDIRECT_URL?: string | undefined;
  OIDC_NAME?: string | undefined;
}): OpenIdSettings | undefined {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_REDIRECT_URL, OIDC_NAME } = given;
  if (
    OIDC_ISSUER === undefined ||
    OIDC_CLIENT_ID === undefined ||
    OIDC_CLIENT_SECRET === undefined ||
    OIDC_REDIRECT_URL === undefined
  ) {
    return undefined;
  }
  return {
    issuer: OIDC_ISSUER,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    redirectUrl: OIDC_REDIRECT_URL,
    name: OIDC_NAME ?? new URL(OIDC_ISSUER).hostname,
  };
}

function noticesOf(given: {
  NOTICE_AFTER_MINUTES: number;
  SMTP_URL?: string | undefined;
  MAIL_FROM?: string | undefined;
  PUBLIC_URL?: string | undefined;
  WEBHOOK_NETWORKS: CameraNetworks;
}): NoticeConfig {
  const { NOTICE_AFTER_MINUTES, SMTP_URL, MAIL_FROM, PUBLIC_URL, WEBHOOK_NETWORKS } = given;
  return {
    fallenAfterMs: NOTICE_AFTER_MINUTES * 60_000,
    mail:
      SMTP_URL === undefined || MAIL_FROM === undefined
        ? undefined
        : { url: SMTP_URL, from: MAIL_FROM },
    publicUrl: PUBLIC_URL?.replace(/\/+$/u, ''),
    webhookNetworks: WEBHOOK_NETWORKS,
  };
}

/** CIDRs, comma separated. */
function networkList(list: string, context: z.RefinementCtx): CameraNetworks {
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
}

/** A secret goes by TLS, or stays on this machine. */
const secureUrl = z.url('must be an address').refine((address) => {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}, 'must begin with https:// (or be on this machine)');

const wholeNumber = z
  .string()
  .trim()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);

/** Beyond an hour, a camera that fell would count as working for too long. */
const conditionWait = wholeNumber.pipe(
  z.number().min(1_000, 'must be 1000 or more').max(3_600_000, 'must be 3600000 or less'),
);

const variables = z
  .object({
    HOST: z.string().trim().default('127.0.0.1'),
    PORT: wholeNumber.pipe(z.number().max(65_535, 'must be 0 to 65535')).default(8_080),
    DATA_DIR: z.string().default('./data'),
    DATABASE_URL: z
      .string()
      .trim()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
      .optional(),
    KAFKA_BROKERS: z
      .string()
      .transform((list, context): string[] => {
        const brokers = list
          .split(',')
          .map((broker) => broker.trim())
          .filter((broker) => broker !== '');
        if (brokers.length > 0 && brokers.every((broker) => BROKER.test(broker))) return brokers;
        context.addIssue({
          code: 'custom',
          message: 'must be host:port, comma separated, such as kafka-1:9092,kafka-2:9092',
        });
        return z.NEVER;
      })
      .optional(),
    SECRET_KEY_FILE: z
      .string()
      .transform((path) => resolve(path))
      .optional(),
    // The thread that serves keeps a core, where there are two.
    WORKERS: wholeNumber
      .pipe(
        z.number().min(1, 'must be 1 or more').max(MAX_WORKERS, `must be ${MAX_WORKERS} or less`),
      )
      .default(Math.min(MAX_WORKERS, Math.max(1, availableParallelism() - 1))),
    LOG_LEVEL: z
      .enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` })
      .default('info'),
    CAMERA_NETWORKS: z
      .string()
      .transform(networkList)
      .default(() => parseCameraNetworks(defaultCameraNetworks)),
    NOTICE_AFTER_MINUTES: wholeNumber
      .pipe(z.number().min(1, 'must be 1 or more').max(1_440, 'must be 1440 or less'))
      .default(30),
    SMTP_URL: z
      .string()
      .trim()
      .regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://')
      .refine((address) => URL.canParse(address), 'must be an address such as smtp://mail.example')
      .optional(),
    MAIL_FROM: z
      .string()
      .trim()
      // A line break would begin another header.
      .regex(/^[^\r\n]*@[^\r\n]*$/, 'must be an e-mail address, with or without a name before it')
      .max(320, 'must be 320 characters or less')
      .optional(),
    PUBLIC_URL: z
      .url({ protocol: /^https?$/, error: 'must be an address such as https://cctv.example.go.th' })
      .optional(),
    WEBHOOK_NETWORKS: z
      .string()
      .transform(networkList)
      .default(() => parseCameraNetworks([])),
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
    ADMIN_TOKEN: z
      .string()
      .trim()
      // RFC 6750 §2.1: what a Bearer header can hold.
      .regex(/^[\w.~+/-]+=*$/, 'may hold letters, digits and - . _ ~ + / = only')
      .max(512, 'must be 512 characters or less')
      .optional(),
    DOWN_AFTER_MS: conditionWait.default(usualRules.downAfterMs),
    UP_AFTER_MS: conditionWait.default(usualRules.upAfterMs),
    DEGRADED_AFTER_MS: conditionWait.default(usualRules.degradedAfterMs),
    SPOOL_SYNC_MS: wholeNumber
      .pipe(z.number().min(250, 'must be 250 or more').max(60_000, 'must be 60000 or less'))
      .default(5_000),
    SPOOL_MAX_GB: wholeNumber.pipe(z.number().min(1, 'must be 1 or more')).optional(),
    SPOOL_MAX_HOURS: wholeNumber
      .pipe(z.number().min(1, 'must be 1 or more').max(8_760, 'must be 8760 or less'))
      .default(72),
    RETENTION_DAYS: wholeNumber
      .pipe(z.number().min(1, 'must be 1 or more').max(36_500, 'must be 36500 or less'))
      .default(30),
    RETENTION_GRACE_DAYS: wholeNumber
      .pipe(z.number().min(1, 'must be 1 or more').max(365, 'must be 365 or less'))
      .default(7),
    S3_ENDPOINT: z
      .url({ protocol: /^https?$/, error: 'must be an address such as http://minio.example:9000' })
      .optional(),
    S3_BUCKET: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be 3 to 63 of a-z, 0-9, "." and "-"')
      .default('cctv-recordings'),
    S3_ACCESS_KEY: z.string().optional(),
    S3_SECRET_KEY: z.string().optional(),
    TLS_CERT: z
      .string()
      .transform((path) => resolve(path))
      .optional(),
    TLS_KEY: z
      .string()
      .transform((path) => resolve(path))
      .optional(),
    TRUST_PROXY: z
      .string()
      .transform((list, context): string[] => {
        const given = list.split(',').map((address) => address.trim());
        // "yes" is no address, and everybody's word is not to be believed: proxies of this machine and its networks are.
        const trusted = /^(?:1|true|yes)$/i.test(list.trim())
          ? ['loopback', 'linklocal', 'uniquelocal']
          : given.filter((address) => address !== '');
        try {
          proxyAddr.compile(trusted);
        } catch {
          context.addIssue({
            code: 'custom',
            message: 'must be addresses or ranges of the proxies, comma separated',
          });
          return z.NEVER;
        }
        return trusted;
      })
      .optional(),
    OIDC_ISSUER: secureUrl.optional(),
    OIDC_CLIENT_ID: z.string().optional(),
    OIDC_CLIENT_SECRET: z.string().optional(),
    OIDC_REDIRECT_URL: secureUrl
      .refine(
        (address) => new URL(address).pathname === '/api/v1/session/open-id/callback',
        'must be the address of this gateway as browsers know it, with /api/v1/session/open-id/callback',
      )
      .optional(),
    OIDC_NAME: z.string().max(100).optional(),
    DEMO_ACCOUNTS: z
      .string()
      .transform((text, context): unknown => {
        try {
          return JSON.parse(text);
        } catch {
          context.addIssue({ code: 'custom', message: 'must be JSON' });
          return z.NEVER;
        }
      })
      .pipe(demoAccountsGiven)
      .optional(),
  })
  .superRefine((given, context) => {
    const together = [
      ['TLS_CERT', 'TLS_KEY'],
      ['SMTP_URL', 'MAIL_FROM'],
      ['S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'],
      ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_REDIRECT_URL'],
    ] as const;
    for (const names of together) {
      const missing = names.filter((name) => given[name] === undefined);
      if (missing.length === 0 || missing.length === names.length) continue;
      for (const name of missing) {
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `goes with ${names.filter((other) => other !== name).join(', ')}`,
        });
      }
    }
    if (given.DEMO_ACCOUNTS !== undefined && !isLoopback(given.HOST)) {
      context.addIssue({
        code: 'custom',
        path: ['DEMO_ACCOUNTS'],
        message: 'everybody knows these passwords: on this machine only (HOST 127.0.0.1)',
      });
    }
    if (
      given.ADMIN_TOKEN !== undefined &&
      given.ADMIN_TOKEN.length < MIN_TOKEN_LENGTH_BEYOND &&
      !isLoopback(given.HOST)
    ) {
      context.addIssue({
        code: 'custom',
        path: ['ADMIN_TOKEN'],
        message: `must have ${MIN_TOKEN_LENGTH_BEYOND} characters or more where others reach it`,
      });
    }
  });

/** Whether only this machine reaches a server that listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
