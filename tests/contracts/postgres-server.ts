import { PostgreSqlContainer, type StartedPostgreSqlContainer } from '@testcontainers/postgresql';
import { CONTAINER_START_MS } from './container-start.ts';

/** PostgreSQL in a container. Its durability is not what is tested with it. */
export async function startPostgres(): Promise<StartedPostgreSqlContainer> {
  // Its reaper is one image more, which may not be there; what is started here is stopped here.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  return new PostgreSqlContainer('postgres:15')
    .withTmpFs({ '/var/lib/postgresql/data': 'rw' })
    .withStartupTimeout(CONTAINER_START_MS)
    .start();
}
