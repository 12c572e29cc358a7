/**
 * `npm run reconcile -- [--repair] [--deep]`: compares catalogue, object store and spool, and names every difference.
 * With `--repair --give-up-spool <id>` what waits in the spool of a gateway that does not come back is taken for lost.
 * `npm run verify-recordings -- [--day 2026-11-25] [--public-key key.pem]…`: whether the recordings that are known are
 * those that were sealed and signed.
 *
 * Asks the server that runs on DATA_DIR; where none does, opens its databases and its store as the environment says.
 * Ends with 0: nothing found; 1: something found; 2: it could not be looked.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import type { Reconciliation } from '#storage/difference.ts';
import { reconcileAlone } from '#storage/reconcile.ts';
import { verifySeals } from '#storage/sealing.ts';
import { askServer, NoServerRuns } from './admin-client.ts';
import { isSigned, keyIdOf, SIGNING_KEY_FILE } from './audit/signing-key.ts';
import { parseConfig, type Config } from './config.ts';
import { openStore, spoolOf } from './recording.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repair: { type: 'boolean', default: false },
    deep: { type: 'boolean', default: false },
    'give-up-spool': { type: 'string' },
    day: { type: 'string' },
    'public-key': { type: 'string', multiple: true, default: [] },
  },
});

try {
  const config = parseConfig(process.env);
  process.exitCode = (await run(positionals[0], config)) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

/** Whether nothing was found. */
async function run(command: string | undefined, config: Config): Promise<boolean> {
  switch (command) {
    case 'reconcile':
      return printed(await reconciled(config));
    case 'verify-recordings':
      return printedSeals(await verified(config));
    default:
      throw new Error(
        'usage: npm run reconcile [-- --repair --deep --give-up-spool <id>], npm run verify-recordings',
      );
  }
}

async function reconciled(config: Config): Promise<Reconciliation> {
  const { repair, deep, 'give-up-spool': giveUp } = values;
  if (giveUp !== undefined && !repair) throw new Error('--give-up-spool is for --repair');
  try {
    const parameters = {
      repair: String(repair),
      deep: String(deep),
      ...(giveUp !== undefined && { giveUp }),
    };
    return (await askServer(config.dataDir, 'reconcile', parameters)) as Reconciliation;
  } catch (error) {
    if (!(error instanceof NoServerRuns)) throw error;
  }
  return withCatalogue(config, async (catalogue, databases) => {
    const store = await openStore(config);
    try {
      return await reconcileAlone(databases, {
        catalogue,
        store,
        ...spoolOf(config),
        isOpen: () => false,
        newId: uuidV7Source(Date.now),
        now: Date.now,
        repair,
        giveUp,
        deep,
      });
    } finally {
      store.close();
    }
  });
}

type Verified = Awaited<ReturnType<typeof verifySeals>>;

async function verified(config: Config): Promise<Verified> {
  const files = values['public-key'];
  if (files.length === 0) {
    try {
      const parameters = values.day === undefined ? {} : { day: values.day };
      return (await askServer(config.dataDir, 'verify-recordings', parameters)) as Verified;
    } catch (error) {
      if (!(error instanceof NoServerRuns)) throw error;
    }
  }
  const ofGateway = config.audit.keyFile ?? join(config.dataDir, SIGNING_KEY_FILE);
  const keys = new Map((files.length === 0 ? [ofGateway] : files).map(readPublicKey));
  return withCatalogue(config, async (catalogue) =>
    verifySeals(catalogue, signedByOneOf(keys), values.day),
  );
}

async function withCatalogue<T>(
  config: Config,
  act: (catalogue: Catalogue, databases: Databases) => Promise<T>,
): Promise<T> {
  const databases = openDatabases(config);
  try {
    return await act(await openCatalogue(databases), databases);
  } finally {
    await databases.close();
  }
}

function readPublicKey(path: string): [string, KeyObject] {
  const key = createPublicKey(readFileSync(path));
  return [keyIdOf(key), key];
}

function signedByOneOf(keys: ReadonlyMap<string, KeyObject>) {
  return (statement: string, signature: string, keyId: string): boolean => {
    const key = keys.get(keyId);
    return key !== undefined && isSigned(statement, signature, key);
  };
}

function printed({
  recordings,
  objects,
  spoolFiles,
  otherSpools,
  differences,
  further,
}: Reconciliation): boolean {
  console.log(`${recordings} recordings, ${objects} objects, ${spoolFiles} spool files`);
  for (const other of otherSpools) {
    const since = new Date(other.oldestStartMs).toISOString();
    const where = `the spool ${other.spoolId ?? 'of an older version'} (${other.name ?? 'not known where'})`;
    console.log(`${other.recordings} recordings since ${since} wait in ${where}`);
  }
  for (const { kind, cameraId, recordingId, objectKey, repaired } of differences) {
    const where = objectKey ?? `${cameraId}/${recordingId}`;
    console.log(`${kind}: ${where}${repaired === null ? '' : ` (repaired: ${repaired})`}`);
  }
  if (further > 0) console.log(`and ${further} more`);
  const left = differences.filter(({ repaired }) => repaired === null).length + further;
  console.log(left === 0 ? 'catalogue, store and spool agree' : `${left} differences`);
  return left === 0;
}

function printedSeals({ seals, recordings, findings }: Verified): boolean {
  console.log(`${seals} seals over ${recordings} recordings`);
  for (const { day, code, message } of findings) console.log(`${day}: ${code}: ${message}`);
  console.log(findings.length === 0 ? 'intact: what is known is what was sealed' : 'NOT INTACT');
  return findings.length === 0;
}
