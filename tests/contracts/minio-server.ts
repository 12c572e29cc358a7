import { spawnSync } from 'node:child_process';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';

export const MINIO_KEYS = { accessKey: 'gateway-tests', secretKey: 'gateway-tests-secret' };
const IMAGE = 'minio/minio:latest';

/** Why no MinIO can be started here, or undefined when it can. */
export function minioMissing(): string | undefined {
  const engine = spawnSync('docker', ['info'], { stdio: 'ignore' });
  if (engine.status !== 0) return 'no container engine runs (Debian: docker.io), so no real MinIO';
  const image = spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' });
  if (image.status !== 0) return `the container image ${IMAGE} is not here, so no real MinIO`;
  return undefined;
}

export async function startMinio(): Promise<StartedTestContainer & { endpoint: string }> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const container = await new GenericContainer(IMAGE)
    .withCommand(['server', '/data'])
    .withEnvironment({
      MINIO_ROOT_USER: MINIO_KEYS.accessKey,
      MINIO_ROOT_PASSWORD: MINIO_KEYS.secretKey,
    })
    .withExposedPorts(9000)
    .withWaitStrategy(Wait.forHttp('/minio/health/ready', 9000))
    .start();
  const endpoint = `http://${container.getHost()}:${container.getMappedPort(9000)}`;
  return Object.assign(container, { endpoint });
}
