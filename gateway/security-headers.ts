import { randomBytes } from 'node:crypto';
import type { FastifyHelmetOptions } from '@fastify/helmet';

/** What vite writes where the page's nonce belongs (gateway/web/vite.config.ts). */
export const NONCE_PLACE = '__CSP_NONCE__';

/** Browsers keep to TLS for a year once they have seen it. Not for names below ours, which are not ours to decide on. */
const HSTS = { maxAge: 365 * 86_400, includeSubDomains: false };

/** Headers of all answers but the page's own. `secure`: browsers reach us by TLS, here or at a proxy. */
export function securityHeaders({ secure }: { secure: boolean }): FastifyHelmetOptions {
  return {
    contentSecurityPolicy: { useDefaults: false, directives: policy("'self'") },
    strictTransportSecurity: secure ? HSTS : false,
    referrerPolicy: { policy: 'no-referrer' },
  };
}

/**
 * A page with a nonce of its own: Mantine writes its variables into style elements, and shows by it that they are the page's. A style
 * that somebody managed to plant has none.
 */
export function pageWithNonce(page: string): { page: string; policy: string } {
  const nonce = randomBytes(16).toString('base64');
  return {
    page: page.replaceAll(NONCE_PLACE, nonce),
    policy: policyText(policy("'self'", `'nonce-${nonce}'`)),
  };
}

/** The description of the API is shown by Swagger UI, which writes style elements without a nonce. */
export const documentationPolicy = policyText(policy("'self'", "'unsafe-inline'"));

type Directives = Record<string, string[]>;

function policy(...styleSrc: string[]): Directives {
  return {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    styleSrc,
    imgSrc: ["'self'", 'data:', 'blob:'],
    // hls.js plays through a MediaSource, whose address is a blob, and demuxes in a worker made of one.
    mediaSrc: ["'self'", 'blob:'],
    workerSrc: ["'self'", 'blob:'],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  };
}

function policyText(directives: Directives): string {
  return Object.entries(directives)
    .map(([name, sources]) => {
      const directive = name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
      return `${directive} ${sources.join(' ')}`;
    })
    .join(';');
}
