import { createHmac, timingSafeEqual } from 'node:crypto';

/** 128 bits: nobody guesses one within the life of a link. */
const SIGNATURE_BYTES = 16;

/** Says which statements the gateway has made: what is asked for with a link is what the link was made for. */
export interface SignedLinks {
  sign(statement: readonly (string | number)[]): string;
  /** Throws LinkNotValid for anything else than `sign` gave, LinkExpired after `untilMs`. */
  check(statement: readonly (string | number)[], signature: string, untilMs: number): void;
}

/** It was not made by this gateway, not for this, or not for whoever asks. */
export class LinkNotValid extends Error {
  readonly code = 'link_not_valid';
}

/** It was good, and is no more. */
export class LinkExpired extends Error {
  readonly code = 'link_expired';
}

/** `key`: of this purpose alone. */
export function signedLinks(key: Uint8Array, now: () => number): SignedLinks {
  const sign = (statement: readonly (string | number)[]): string =>
    createHmac('sha256', key)
      .update(JSON.stringify(statement))
      .digest()
      .subarray(0, SIGNATURE_BYTES)
      .toString('base64url');
  return {
    sign,
    check(statement, signature, untilMs) {
      const wanted = Buffer.from(sign(statement));
      const given = Buffer.from(signature);
      if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) {
        throw new LinkNotValid('this link was not made for this');
      }
      if (now() > untilMs) throw new LinkExpired('this link is too old: ask for a new one');
    },
  };
}
