import type { Actor } from '../auth/actor.ts';
import { anonymous, type AuditActor, type AuditOrigin } from './audit.ts';

/** What Fastify's request says of where it came from. */
interface RequestOrigin {
  ip: string;
  headers: { 'user-agent'?: string | undefined };
}

/** Who asks, as the log names them. */
export function auditActorOf(actor: Actor | undefined): AuditActor {
  if (actor === undefined) return anonymous;
  const roles = new Set(actor.grants.map(({ role }) => role));
  return {
    id: actor.id,
    name: actor.name,
    role: roles.size === 0 ? undefined : [...roles].join(', '),
    tokenId: actor.kind === 'token' ? actor.tokenId : undefined,
  };
}

/** From where. */
export function auditOriginOf(request: RequestOrigin): AuditOrigin {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? null };
}
