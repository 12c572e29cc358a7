/** The registry of cameras, on both databases: one container for all of its facts. */
import { describe } from 'vitest';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { changesOfCameras } from './cameras/changes.ts';
import { listsOfCameras } from './cameras/lists.ts';
import { secretsOfCameras } from './cameras/secrets.ts';
import { transactionsOfCameras } from './cameras/transactions.ts';
import { onEachDatabase } from './each-database.ts';

onEachDatabase((rig) => {
  describe('changed, closed and deleted', () => changesOfCameras(rig));
  describe('secrets', () => secretsOfCameras(rig));
  describe('listed, found and counted', () => listsOfCameras(rig));
  describe('beside other transactions', () => transactionsOfCameras(rig));
}, openRegistry);
