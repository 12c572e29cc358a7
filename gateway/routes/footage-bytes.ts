import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { byteRange } from '../byte-range.ts';

/** The whole, or the range that was asked for (RFC 9110 §14.2). */
export async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  byteLength: number,
  read: (range: { start: number; end: number }) => Readable | Promise<Readable>,
): Promise<FastifyReply> {
  const asked = byteRange(request.headers.range, byteLength);
  void reply.header('Accept-Ranges', 'bytes').type('video/mp4');
  if (asked !== undefined) {
    const { start, end } = asked;
    void reply.code(206).header('Content-Range', `bytes ${start}-${end - 1}/${byteLength}`);
  }
  const { start, end } = asked ?? { start: 0, end: byteLength };
  void reply.header('Content-Length', end - start);
  if (request.method === 'HEAD') return reply.send(noBytes());
  return reply.send(await read({ start, end }));
}

/** Some of the bytes, which was decided before. */
export async function sendPart(
  request: FastifyRequest,
  reply: FastifyReply,
  { start, end, byteLength }: { start: number; end: number; byteLength: number },
  read: (range: { start: number; end: number }) => Promise<Readable>,
): Promise<FastifyReply> {
  void reply
    .code(206)
    .type('video/mp4')
    .header('Accept-Ranges', 'bytes')
    .header('Content-Range', `bytes ${start}-${end - 1}/${byteLength}`)
    .header('Content-Length', end - start);
  if (request.method === 'HEAD') return reply.send(noBytes());
  return reply.send(await read({ start, end }));
}

/** Of a reply without any body Fastify says that it has no length either (RFC 9110 §8.6: as GET would have it). */
function noBytes(): Readable {
  return Readable.from([]);
}
