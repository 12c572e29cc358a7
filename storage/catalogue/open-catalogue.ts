import type { Databases } from '#registry/database/database.ts';
import * as recordings from './migrations/0001-recordings.ts';
import * as proofs from './migrations/0003-proofs.ts';
import * as keeping from './migrations/0004-keeping.ts';
import * as covering from './migrations/0005-covering.ts';
import * as cameraDays from './migrations/0006-camera-days.ts';
import * as byDay from './migrations/0007-by-day.ts';
import * as leanIndex from './migrations/0008-lean-index.ts';
import * as retentionClock from './migrations/0009-retention-clock.ts';
import * as spools from './migrations/0010-spools.ts';
import * as holes from './migrations/0011-holes.ts';
import * as recordingProcess from './migrations/0012-recording-process.ts';
import type { Catalogue, CatalogueTables } from './tables.ts';

/**
 * Opens the catalogue: a database of its own, so that an import into the registry holds no recording up.
 * Throws MigrationFailed, DatabaseFailed, DatabaseUnavailable.
 */
export async function openCatalogue(databases: Databases): Promise<Catalogue> {
  return databases.open<CatalogueTables>({
    name: 'catalogue',
    thread: 'machine',
    migrations: {
      '0001-recordings': recordings,
      '0003-proofs': proofs,
      '0004-keeping': keeping,
      '0005-covering': covering,
      '0006-camera-days': cameraDays,
      '0007-by-day': byDay,
      '0008-lean-index': leanIndex,
      '0009-retention-clock': retentionClock,
      '0010-spools': spools,
      '0011-holes': holes,
      '0012-recording-process': recordingProcess,
    },
  });
}
