/**
 * A MinIO for a benchmark: in a container, on BENCH_CORE, its data on the disk that the spool is on. On the host's own
 * network: Docker's proxy for published ports would copy every byte once more, on whichever core.
 */
import { spawnSync } from 'node:child_process';
import { GenericContainer, Wait } from 'testcontainers';
import { MINIO_KEYS, minioMissing } from '../contracts/minio-server.ts';
import { BENCH_CORE } from './cores.ts';
import { freePort } from './gateway-process.ts';

const READY_MS = 30_000;

/** Why there is none, or its environment for a gateway. */
export async function startBenchMinio(): Promise<
  string | { pid: number; environment: Record<string, string>; stop: () => Promise<void> }
> {
  const missing = minioMissing();
  if (missing !== undefined) return missing;
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const address = `127.0.0.1:${await freePort()}`;
  const container = await new GenericContainer('minio/minio:latest')
    .withCommand(['server', '--address', address, '/data'])
    .withEnvironment({
      MINIO_ROOT_USER: MINIO_KEYS.accessKey,
      MINIO_ROOT_PASSWORD: MINIO_KEYS.secretKey,
      GOMAXPROCS: '1',
    })
    .withNetworkMode('host')
    .withWaitStrategy(Wait.forLogMessage(/API:/).withStartupTimeout(READY_MS))
    .start();
  const pinned = spawnSync('docker', [
    'update',
    '--cpuset-cpus',
    String(BENCH_CORE),
    container.getId(),
  ]);
  if (pinned.status !== 0) console.log('MinIO could not be pinned to its core');
  const pid = spawnSync('docker', ['inspect', '-f', '{{.State.Pid}}', container.getId()], {
    encoding: 'utf8',
  });
  return {
    pid: Number(pid.stdout),
    environment: {
      S3_ENDPOINT: `http://${address}`,
      S3_BUCKET: 'bench-recordings',
      S3_ACCESS_KEY: MINIO_KEYS.accessKey,
      S3_SECRET_KEY: MINIO_KEYS.secretKey,
    },
    stop: async () => {
      await container.stop();
    },
  };
}
