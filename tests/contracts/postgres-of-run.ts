/**
 * One PostgreSQL for all test files of a run: it takes longer to start than most of them do. It starts when the first of them asks
 * for it, and ends with the run.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StartedPostgreSqlContainer } from '@testcontainers/postgresql';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whoever asks here (HTTP) is answered with the address of the run's PostgreSQL, `postgres://…`, or 500 and why there is none. */
    postgresOfRun: string;
  }
}

/** What Vitest runs before the first file (`globalSetup`); returns what it runs after the last one. */
export default async function offerPostgres(run: TestProject): Promise<() => Promise<void>> {
  let started: Promise<StartedPostgreSqlContainer> | undefined;
  const server = createServer((_asked, answer) => {
    started ??= start();
    started.then(
      (container) => answer.end(container.getConnectionUri()),
      (error: unknown) => answer.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  run.provide('postgresOfRun', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    const container = await started?.catch(() => undefined);
    await container?.stop();
  };
}

async function start(): Promise<StartedPostgreSqlContainer> {
  const { startPostgres } = await import('./postgres-server.ts');
  return startPostgres();
}
