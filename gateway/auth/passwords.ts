import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * argon2id (RFC 9106) as OWASP's password storage sheet asks at least: 19 MiB, two passes, one lane. About 30 ms on
 * a core, on libuv's threads: the thread that serves pictures does not compute it.
 */
const MEMORY_KIB = 19 * 1024;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/** Hashes computed at once: libuv has four threads, which files and names need too. */
const MAX_AT_ONCE = 2;
/** Hashes that wait their turn, a second and a half of them. One more is refused. */
const MAX_WAITING = 100;

/** Too many people sign in at this moment; worth trying again in a second. */
export class TooManySignIns extends Error {
  readonly code = 'too_many_sign_ins';
}

export interface Passwords {
  /** A PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`. Throws TooManySignIns. */
  hash(password: string): Promise<string>;
  /**
   * Null, for an account that has no password or is not there, takes as long as any other and is false.
   * Throws TooManySignIns.
   */
  verify(password: string, phc: string | null): Promise<boolean>;
}

export function openPasswords(limits = { atOnce: MAX_AT_ONCE, waiting: MAX_WAITING }): Passwords {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(compute: () => Promise<T>): Promise<T> {
    if (running >= limits.atOnce) {
      if (waiting.length >= limits.waiting) throw new TooManySignIns('too many people sign in');
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await compute();
    } finally {
      // The place goes to the next in line; `running` falls only when there is none.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  const nobody = { salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) };

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      const tag = await inTurn(async () => tagOf(password, salt, defaultCost));
      const { memoryKib, passes, lanes } = defaultCost;
      return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(tag)}`;
    },
    async verify(password, phc) {
      const kept = phc === null ? { ...nobody, cost: defaultCost } : parsePhc(phc);
      const tag = await inTurn(async () => tagOf(password, kept.salt, kept.cost));
      return tag.length === kept.tag.length && timingSafeEqual(tag, kept.tag) && phc !== null;
    },
  };
}

interface Cost {
  memoryKib: number;
  passes: number;
  lanes: number;
}

const defaultCost: Cost = { memoryKib: MEMORY_KIB, passes: PASSES, lanes: LANES };

async function tagOf(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      {
        // NFC: the same word typed on two keyboards is the same password.
        message: password.normalize('NFC'),
        nonce: salt,
        memory: cost.memoryKib,
        passes: cost.passes,
        parallelism: cost.lanes,
        tagLength: TAG_BYTES,
      },
      (error, tag) => {
        if (error === null) resolve(tag);
        else reject(error);
      },
    );
  });
}

/** Hashes made with an older cost stay good. Throws on what `hash` never wrote. */
function parsePhc(phc: string): { salt: Buffer; tag: Buffer; cost: Cost } {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc);
  if (match === null) throw new Error('a password hash that is not argon2id');
  const [, memoryKib, passes, lanes, salt = '', tag = ''] = match;
  return {
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
    cost: { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) },
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
