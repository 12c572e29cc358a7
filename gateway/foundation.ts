import type { Logger } from 'pino';
import { openCameras, type Cameras } from '#registry/cameras.ts';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openLaoPlaces } from '#registry/lao-places.ts';
import { openLaos, type Laos } from '#registry/laos.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { sealStoredPasswords } from '#registry/seal-passwords.ts';
import { openSecretBox, type SecretBox } from '#registry/secret-box.ts';
import { openSites, type Sites } from '#registry/sites.ts';
import { keepAudit, type AuditKeeper } from './audit/keeper.ts';
import { openPeople, type People } from './auth/people.ts';
import type { Config } from './config.ts';

/** What every other part stands on: the data folder with its keys and databases, what is registered, people, the audit log. */
export interface Foundation {
  databases: Databases;
  registry: RegistryDatabase;
  box: SecretBox;
  audit: AuditKeeper;
  people: People;
  cameras: Cameras;
  sites: Sites;
  laos: Laos;
}

/** Takes the data folder for this process, until `parts` end. Throws what the parts throw: DataFolderInUse. */
export async function openFoundation(
  config: Config,
  { parts, log }: { parts: AsyncDisposableStack; log: Logger },
): Promise<Foundation> {
  const now = Date.now;
  const databases = openDatabases(config);
  parts.defer(async () => databases.close());
  const box = openSecretBox(config);
  const registry = await openRegistry(databases);
  const sealed = await sealStoredPasswords(registry, box);
  if (sealed > 0) log.info({ cameras: sealed }, 'passwords of cameras sealed');
  const audit = await keepAudit(databases, config, { now, log });
  parts.defer(async () => audit.close());
  const laos = openLaos(registry, { now });
  const people = await openPeople(databases, {
    now,
    laos: openLaoPlaces(registry, laos),
    box,
    adminToken: config.adminToken,
    log,
  });
  parts.defer(() => people.close());
  const cameras = openCameras(registry, { box, now });
  const sites = openSites(registry, { now });
  return { databases, registry, box, audit, people, cameras, sites, laos };
}
