import type { Kysely } from 'kysely';
import type { DatabaseSchema } from '../database/database.ts';
import * as bus from './migrations/0001-bus.ts';

/** The in-process bus's tables; a database of its own, so that an import into the registry holds no event up. */
export interface BusTables {
  bus_messages: {
    topic: string;
    /** 1, 2, 3 … in its topic. */
    number: number;
    key: string;
    value: string;
  };
  /** Of a compacted topic: the latest message of each key. */
  bus_latest: BusTables['bus_messages'];
  bus_groups: {
    topic: string;
    name: string;
    /** The number that it dealt with last. */
    done: number;
  };
}

export type BusDatabase = Kysely<BusTables>;

export const busSchema: DatabaseSchema = {
  name: 'events',
  thread: 'machine',
  migrations: { '0001-bus': bus },
};
