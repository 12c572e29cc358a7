import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

/** The database that a new PostgreSQL has for others to be copies of. */
export const EMPTY = 'template1';

/** Databases of one test file. */
export interface DatabasesInPostgres {
  /** A copy of `template`, which nobody may be connected to; returns its name. */
  create: (template: string) => Promise<string>;
  /** `postgres://…` */
  addressOf: (name: string) => string;
  remove: (name: string) => Promise<void>;
  /** What is left of them goes. */
  close: () => Promise<void>;
}

/** In the PostgreSQL of this run, beside those of other files. */
export async function databasesInPostgres(): Promise<DatabasesInPostgres> {
  const answer = await fetch(inject('postgresOfRun'));
  const address = await answer.text();
  if (!answer.ok) throw new Error(`PostgreSQL did not start: ${address}`);
  const client = new Client({ connectionString: address });
  await client.connect();
  const prefix = `test_${randomUUID().slice(0, 8)}`;
  const there = new Set<string>();
  let made = 0;
  const remove = async (name: string): Promise<void> => {
    // Connections that are just being closed are no hindrance.
    await client.query(`drop database ${name} with (force)`);
    there.delete(name);
  };
  return {
    async create(template) {
      const name = `${prefix}_${made++}`;
      // It waits for connections of the template that are just being closed.
      await client.query(`create database ${name} template ${template}`);
      there.add(name);
      return name;
    },
    remove,
    addressOf(name) {
      const url = new URL(address);
      url.pathname = name;
      return url.href;
    },
    async close() {
      for (const name of there) await remove(name);
      await client.end();
    },
  };
}
