import { openCameras, type Cameras } from '#registry/cameras.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { secretBox } from '#registry/secret-box.ts';

/** The same in every test, so that one opens what another sealed. */
export const testBox = secretBox(Buffer.alloc(32, 7));

export const tester = { id: 'tester', name: 'ผู้ทดสอบ', proxyFor: null };

/** Options of a change by nobody in particular, to whom a camera may stand twice. */
export const byTest = { author: tester, duplicateConfirmed: true };

export function camerasOf(database: RegistryDatabase, now: () => number = Date.now): Cameras {
  return openCameras(database, { box: testBox, now });
}
