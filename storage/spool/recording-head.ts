import * as z from 'zod';
import { box, text } from '#ingest/fmp4/box.ts';

/**
 * What a recording says of itself, in a `uuid` box behind its init segment (ISO 14496-12 §11.1: players pass it
 * over). A spool file can be recovered, and the catalogue made anew from the store, by what the objects hold.
 */
export const recordingHead = z.strictObject({
  recordingId: z.string().regex(/^[0-9a-f-]{36}$/),
  cameraId: z.string().regex(/^[0-9a-f-]{36}$/),
  /** One uninterrupted session with the camera. */
  runId: z.string().regex(/^[0-9a-z]{1,32}$/),
  /** Of the first picture, Unix ms. */
  startMs: z.int().min(0),
  codec: z.string().max(64),
  width: z.int().min(0).max(0xffff),
  height: z.int().min(0).max(0xffff),
  /** Of the recording before it in the same run; null for the run's first. Hexadecimal. */
  previousSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});
export type RecordingHead = z.infer<typeof recordingHead>;

/** Ours: made once at random. */
const EXTENDED_TYPE = Buffer.from('6b1f0c6e2f5c4d0c9e0d5a3b8f3a71c4', 'hex');
/** Far above an init segment with its head. */
export const MAX_HEAD_BYTES = 64 * 1024;

/** A recording's bytes in front of its first fragment. */
export function headBytes(init: Uint8Array, head: RecordingHead): Buffer {
  return Buffer.concat([init, box('uuid', EXTENDED_TYPE, text(JSON.stringify(head)))]);
}

export interface ReadHead {
  head: RecordingHead;
  /** Of the init segment alone: EXT-X-MAP's byte range. */
  initBytes: number;
  /** Where the first fragment begins. */
  headBytes: number;
}

/** Reads what `headBytes` wrote from a file's first bytes; undefined when they are not whole, or not ours. */
export function readHead(bytes: Buffer): ReadHead | undefined {
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size < 8 || at + size > bytes.length) return undefined;
    if (type === 'uuid') {
      const content = bytes.subarray(at + 8, at + size);
      if (!content.subarray(0, EXTENDED_TYPE.length).equals(EXTENDED_TYPE)) return undefined;
      const head = parsed(content.toString('latin1', EXTENDED_TYPE.length));
      return head === undefined ? undefined : { head, initBytes: at, headBytes: at + size };
    }
    if (type !== 'ftyp' && type !== 'moov') return undefined;
    at += size;
  }
  return undefined;
}

function parsed(json: string): RecordingHead | undefined {
  try {
    return recordingHead.safeParse(JSON.parse(json)).data;
  } catch {
    // Not JSON: not ours.
    return undefined;
  }
}
