import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** No version was given with a change, so that nobody could say whether somebody else was faster. */
export class VersionRequired extends Error {
  readonly code = 'version_required';
  constructor() {
    super('send If-Match with the ETag that the camera was read with');
  }
}

/**
 * Sets the ETag of what is answered, and says whether the client has it already (RFC 9110 §13.1.2): then 304 is the
 * answer. `version` stands in front, for If-Match.
 */
export function isUnchanged(
  request: FastifyRequest,
  reply: FastifyReply,
  json: unknown,
  version?: number,
): boolean {
  const hash = createHash('sha256').update(JSON.stringify(json)).digest('base64url').slice(0, 16);
  const tag = `"${version === undefined ? '' : `${version}.`}${hash}"`;
  void reply.header('ETag', tag).header('Cache-Control', 'private, no-cache');
  const known = request.headers['if-none-match'];
  if (known === undefined) return false;
  // Weak comparison: W/ does not count.
  return known
    .split(',')
    .some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

/**
 * The version that If-Match names: of an ETag of ours, or the bare number. Behind the version nothing is compared: the tag
 * is of all that is told of a camera, and what is measured of it meanwhile makes nobody's edit stale. Throws VersionRequired,
 * also for what names none.
 */
export function versionOf(request: FastifyRequest): number {
  const match = /^(?:W\/)?"?(\d{1,9})(?:\.[\w-]{1,64})?"?$/.exec(request.headers['if-match'] ?? '');
  if (match?.[1] === undefined) throw new VersionRequired();
  return Number(match[1]);
}
