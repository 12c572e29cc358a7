import type { Databases, DatabaseSchema } from '../database/database.ts';
import * as cameras from './migrations/0001-cameras.ts';
import * as tlsAndSiteBudgets from './migrations/0002-tls-and-site-budgets.ts';
import * as registryCore from './migrations/0003-registry-core.ts';
import * as observedCondition from './migrations/0004-observed-condition.ts';
import * as declarationsAndRepairs from './migrations/0005-declarations-and-repairs.ts';
import * as streamBaselines from './migrations/0007-stream-baselines.ts';
import * as incidentsFound from './migrations/0008-incidents-found.ts';
import * as survey from './migrations/0009-survey.ts';
import * as laoCounts from './migrations/0010-lao-counts.ts';
import * as searchIndexedLater from './migrations/0012-search-indexed-later.ts';
import * as listsAndSearches from './migrations/0013-lists-and-searches.ts';
import * as marksOfCameras from './migrations/0014-marks-of-cameras.ts';
import * as formerNames from './migrations/0015-former-names.ts';
import * as cancelledRounds from './migrations/0017-cancelled-rounds.ts';
import * as searchInBlocks from './migrations/0018-search-in-blocks.ts';
import * as secretsInAddresses from './migrations/0018-secrets-in-addresses.ts';
import * as digitsApart from './migrations/0019-digits-apart.ts';
import * as ownPorts from './migrations/0020-own-ports.ts';
import * as formerSources from './migrations/0021-former-sources.ts';
import * as readingsGoWithTheirDevice from './migrations/0022-readings-go-with-their-device.ts';
import * as spellings from './migrations/0022-spellings.ts';
import * as referencesByStatement from './migrations/0023-references-by-statement.ts';
import * as sitesOfLaos from './migrations/0023-sites-of-laos.ts';
import * as brandsInAnyCase from './migrations/0024-brands-in-any-case.ts';
import * as historiesOfLists from './migrations/0025-histories-of-lists.ts';
import * as snapshotsTakenAnew from './migrations/0026-snapshots-taken-anew.ts';
import * as abbreviationsWithoutDots from './migrations/0027-abbreviations-without-dots.ts';
import * as acceptedImports from './migrations/0028-accepted-imports.ts';
import * as closedAreasSayNoLink from './migrations/0029-closed-areas-say-no-link.ts';
import * as spellingsOfHosts from './migrations/0030-spellings-of-hosts.ts';
import * as sqliteSearchInBulk from './migrations/0031-sqlite-search-in-bulk.ts';
import * as snapshotAddresses from './migrations/0032-snapshot-addresses.ts';
import * as namesOfSites from './migrations/0033-names-of-sites.ts';
import { indexSearch } from '../index-search.ts';
import type { RegistryDatabase, RegistryTables } from './tables.ts';

/** A migration that has been released is never changed: what it got wrong, a later one mends. */
const registry: DatabaseSchema = {
  name: 'registry',
  migrations: {
    '0001-cameras': cameras,
    '0002-tls-and-site-budgets': tlsAndSiteBudgets,
    '0003-registry-core': registryCore,
    '0004-observed-condition': observedCondition,
    '0005-declarations-and-repairs': declarationsAndRepairs,
    '0007-stream-baselines': streamBaselines,
    '0008-incidents-found': incidentsFound,
    '0009-survey': survey,
    '0010-lao-counts': laoCounts,
    '0012-search-indexed-later': searchIndexedLater,
    '0013-lists-and-searches': listsAndSearches,
    '0014-marks-of-cameras': marksOfCameras,
    '0015-former-names': formerNames,
    '0017-cancelled-rounds': cancelledRounds,
    '0018-search-in-blocks': searchInBlocks,
    '0018-secrets-in-addresses': secretsInAddresses,
    '0019-digits-apart': digitsApart,
    '0020-own-ports': ownPorts,
    '0021-former-sources': formerSources,
    '0022-readings-go-with-their-device': readingsGoWithTheirDevice,
    '0022-spellings': spellings,
    '0023-references-by-statement': referencesByStatement,
    '0023-sites-of-laos': sitesOfLaos,
    '0024-brands-in-any-case': brandsInAnyCase,
    '0025-histories-of-lists': historiesOfLists,
    '0026-snapshots-taken-anew': snapshotsTakenAnew,
    '0027-abbreviations-without-dots': abbreviationsWithoutDots,
    '0028-accepted-imports': acceptedImports,
    '0029-closed-areas-say-no-link': closedAreasSayNoLink,
    '0030-spellings-of-hosts': spellingsOfHosts,
    '0031-sqlite-search-in-bulk': sqliteSearchInBulk,
    '0032-snapshot-addresses': snapshotAddresses,
    '0033-names-of-sites': namesOfSites,
  },
};

/** Opens the registry's database. Throws MigrationFailed, DatabaseFailed, DatabaseUnavailable. */
export async function openRegistry(databases: Databases): Promise<RegistryDatabase> {
  const database = await databases.open<RegistryTables>(registry);
  await indexSearch(database);
  return database;
}
