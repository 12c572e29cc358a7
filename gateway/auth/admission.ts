import type { LaoPlaces } from '#registry/lao-places.ts';
import { actionNames } from './actions.ts';
import type { Credential } from './credential.ts';
import { noteUse, readRights, type Rights } from './rights.ts';
import { hashOfToken } from './secret-token.ts';
import type { PeopleDatabase } from './people-database.ts';

/**
 * Who is inside: credentials that were looked up lately, so that a live part costs no query. All of them are read again
 * every RECHECK_MS, here and in every other gateway on the same database, and at once after a change made here; what runs
 * for one whose right has ended is ended then.
 */
export const RECHECK_MS = 2_000;
/** With the database out of reach, what was known last goes on for so long. */
export const MAX_UNCHECKED_MS = 30_000;
/** Not asked for within it: forgotten, and looked up again when it is. */
const FORGET_MS = 5 * 60_000;
/** Remembered at once; past it the one used longest ago without anything running is forgotten. */
const MAX_REMEMBERED = 20_000;
/** How exactly the database knows when somebody was last here. */
const NOTE_USE_MS = 60_000;

/** What `ADMIN_TOKEN` acts as; no account has this id. */
export const ADMIN_TOKEN_ACCOUNT = 'admin-token';

/** Somebody whose credential is good. The object stays the same while it is; its rights are those of the last look. */
export interface Admitted {
  readonly credential: Credential;
  rights: Rights;
  /** Changes when the rights do. */
  version: number;
  usedMs: number;
  /** What runs for them: answers that wait, parts being sent, event streams. Added to by `runFor` only. */
  readonly running: Set<Running>;
  /** Not looked at any more: the right has ended, or it was forgotten. */
  gone: boolean;
}

/** Something that goes on and must end with the right to it. */
export interface Running {
  /** Asked after every look at rights. */
  mayGoOn: (admitted: Admitted) => boolean;
  end: () => void;
}

/** `running` ends when the right does, which may be at once. Returns how to say that it is over. */
export function runFor(admitted: Admitted, running: Running): () => void {
  if (admitted.gone) {
    running.end();
    return () => {};
  }
  admitted.running.add(running);
  return () => admitted.running.delete(running);
}

export interface Admission {
  /** Without waiting: somebody who was looked up lately. */
  known: (credential: Credential) => Admitted | undefined;
  /** Undefined: not good, or no more. */
  admit: (credential: Credential) => Promise<Admitted | undefined>;
  /** Reads all rights again now: after every change of an account, a session, a token. */
  recheck: () => Promise<void>;
  /** Told after each look, with all who are inside; for what is counted by person and camera. */
  onRechecked: (listener: () => void | Promise<void>) => void;
  all: () => Iterable<Admitted>;
  close: () => void;
}

export interface AdmissionDeps {
  database: PeopleDatabase;
  laos: Pick<LaoPlaces, 'placesOf'>;
  now: () => number;
  /** `ADMIN_TOKEN`: an administrator's, of the whole country. */
  adminToken?: string | undefined;
  /** How often rights are read again; RECHECK_MS unless it says otherwise. */
  recheckMs?: number | undefined;
  log: { warn: (fields: object, message: string) => void };
}

export function openAdmission(deps: AdmissionDeps): Admission {
  const { database, laos, now, adminToken, recheckMs = RECHECK_MS, log } = deps;
  const inside = new Map<string, Admitted>();
  const lookups = new Map<string, Promise<Admitted | undefined>>();
  const listeners: (() => void | Promise<void>)[] = [];
  const adminHash = adminToken === undefined ? undefined : hashOfToken(adminToken);
  let checkedMs = now();
  let notedMs = now();
  let rechecking: Promise<void> | undefined;
  let again: Promise<void> | undefined;

  function isGood({ rights }: Admitted): boolean {
    return rights.expiresMs > now();
  }

  function leave(key: string, admitted: Admitted): void {
    inside.delete(key);
    admitted.gone = true;
    for (const running of admitted.running) running.end();
    admitted.running.clear();
  }

  function remember(credential: Credential, rights: Rights): Admitted {
    const key = keyOf(credential);
    const other = inside.get(key);
    if (other !== undefined) {
      renew(other, rights);
      return other;
    }
    const admitted: Admitted = {
      credential,
      rights,
      version: 1,
      usedMs: now(),
      running: new Set(),
      gone: false,
    };
    inside.set(key, admitted);
    if (inside.size > MAX_REMEMBERED) forgetOne();
    return admitted;
  }

  function forgetOne(): void {
    let oldest: [string, Admitted] | undefined;
    for (const entry of inside) {
      if (entry[1].running.size > 0) continue;
      if (oldest === undefined || entry[1].usedMs < oldest[1].usedMs) oldest = entry;
    }
    if (oldest !== undefined) leave(...oldest);
  }

  async function lookUp(credential: Credential): Promise<Admitted | undefined> {
    if (credential.kind === 'token' && credential.hash === adminHash) {
      return remember(credential, ofAdminToken(credential.hash));
    }
    const rights = (await readRights(database, laos, [credential], now())).get(credential.hash);
    return rights === undefined ? undefined : remember(credential, rights);
  }

  async function look(): Promise<void> {
    const entries = [...inside];
    const asked = entries.filter(([, { credential }]) => credential.hash !== adminHash);
    await note(asked.map(([, admitted]) => admitted));
    const found = await readRights(
      database,
      laos,
      asked.map(([, { credential }]) => credential),
      now(),
    );
    checkedMs = now();
    for (const [key, admitted] of asked) {
      const rights = found.get(admitted.credential.hash);
      if (rights === undefined) {
        leave(key, admitted);
        continue;
      }
      renew(admitted, rights);
    }
    for (const listener of listeners) await listener();
    for (const [key, admitted] of entries) {
      for (const running of admitted.running) {
        if (running.mayGoOn(admitted)) continue;
        admitted.running.delete(running);
        running.end();
      }
      if (admitted.running.size === 0 && now() - admitted.usedMs > FORGET_MS) leave(key, admitted);
    }
  }

  /** Who was here within the last minute has not been idle. */
  async function note(admitted: readonly Admitted[]): Promise<void> {
    if (now() - notedMs < NOTE_USE_MS) return;
    const lastMs = notedMs;
    notedMs = now();
    const used = admitted.filter(({ usedMs, running }) => usedMs > lastMs || running.size > 0);
    await noteUse(
      database,
      used.map(({ credential }) => credential),
      now(),
    );
  }

  async function tryLook(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.warn({ err: error }, 'rights could not be read again');
      if (now() - checkedMs <= MAX_UNCHECKED_MS) return;
      for (const [key, admitted] of inside) leave(key, admitted);
    }
  }

  async function recheck(): Promise<void> {
    // A look that began before the change may have read what was before it: one more follows, for all who ask meanwhile.
    if (rechecking === undefined) {
      rechecking = tryLook().finally(() => {
        rechecking = undefined;
      });
      return rechecking;
    }
    again ??= rechecking.then(async () => {
      again = undefined;
      return recheck();
    });
    return again;
  }

  const timer = setInterval(() => void recheck(), recheckMs);
  timer.unref();

  return {
    known(credential) {
      const admitted = inside.get(keyOf(credential));
      if (admitted === undefined || !isGood(admitted)) return undefined;
      if (now() - checkedMs > MAX_UNCHECKED_MS && credential.hash !== adminHash) return undefined;
      admitted.usedMs = now();
      return admitted;
    },
    async admit(credential) {
      const known = this.known(credential);
      if (known !== undefined) return known;
      const key = keyOf(credential);
      let lookup = lookups.get(key);
      if (lookup === undefined) {
        lookup = lookUp(credential).finally(() => lookups.delete(key));
        lookups.set(key, lookup);
      }
      const admitted = await lookup;
      if (admitted === undefined || admitted.gone || !isGood(admitted)) return undefined;
      admitted.usedMs = now();
      return admitted;
    },
    recheck,
    onRechecked: (listener) => listeners.push(listener),
    all: () => inside.values(),
    close() {
      clearInterval(timer);
      for (const [key, admitted] of inside) leave(key, admitted);
    },
  };
}

function renew(admitted: Admitted, rights: Rights): void {
  if (!isSame(rights, admitted.rights)) admitted.version++;
  admitted.rights = rights;
}

function keyOf({ kind, hash }: Credential): string {
  return `${kind}:${hash}`;
}

function isSame(one: Rights, other: Rights): boolean {
  return (
    one.pending === other.pending &&
    one.actor.name === other.actor.name &&
    JSON.stringify(one.actor) === JSON.stringify(other.actor)
  );
}

function ofAdminToken(hash: string): Rights {
  return {
    actor: {
      kind: 'token',
      id: ADMIN_TOKEN_ACCOUNT,
      tokenId: hash.slice(0, 16),
      // As history and audit show it, to officers.
      name: 'ระบบอัตโนมัติ (ADMIN_TOKEN)',
      grants: [{ role: 'administrator', area: { level: 'country' } }],
      actions: new Set(actionNames),
      secondFactor: true,
    },
    accountId: ADMIN_TOKEN_ACCOUNT,
    email: '',
    sessionId: null,
    pending: false,
    hasSecondFactor: false,
    expiresMs: Number.POSITIVE_INFINITY,
  };
}
