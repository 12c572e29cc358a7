import { hashOfLost } from './catalogue/deletion.ts';
import type { Catalogue } from './catalogue/tables.ts';
import { sha256OfFile } from './objects/file-hash.ts';

/**
 * Whether a file is said to be a recording that was taken for lost, and holds other bytes than were hashed then. It is not
 * that recording: the note keeps the hash that a day may be sealed over, and nothing vouches for these bytes.
 */
export async function isNotWhatWasLost(
  catalogue: Catalogue,
  recordingId: string,
  path: string,
): Promise<boolean> {
  const sha256 = await hashOfLost(catalogue, recordingId);
  return sha256 !== undefined && (await sha256OfFile(path)) !== sha256;
}
