import { spawnSync } from 'node:child_process';
import { GenericContainer, Wait } from 'testcontainers';
import { freePort } from '../free-port.ts';
import { CONTAINER_START_MS } from './container-start.ts';

export const MINIO_KEYS = { accessKey: 'gateway-tests', secretKey: 'gateway-tests-secret' };
const IMAGE = 'minio/minio:latest';
const CERTIFICATES = '/root/.minio/certs';

/** Why no MinIO can be started here, or undefined when it can. */
export function minioMissing(): string | undefined {
  const engine = spawnSync('docker', ['info'], { stdio: 'ignore' });
  if (engine.status !== 0) return 'no container engine runs (Debian: docker.io), so no real MinIO';
  const image = spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' });
  if (image.status !== 0) return `the container image ${IMAGE} is not here, so no real MinIO`;
  return undefined;
}

export interface MinioServer {
  endpoint: string;
  /** As a power cut; what it has acknowledged is on its disk. */
  kill(): void;
  /** Again, on the same disk; it answers a second later. */
  start(): void;
  /** It takes connections, and says nothing. */
  pause(): void;
  unpause(): void;
  stop(): Promise<void>;
}

/** `dataBytes`: on a disk of that size, which is gone when the server is killed. `tls`: speaks TLS with it. */
export async function startMinio({
  dataBytes,
  tls,
}: {
  dataBytes?: number;
  tls?: { key: string; cert: string };
} = {}): Promise<MinioServer> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  // A port that is its own: one that the engine chooses is another after each start.
  const port = await freePort();
  // It has its disk, too: `ready` is said before that, and then 503.
  const isUp = Wait.forHttp('/minio/health/cluster', 9000);
  let container = new GenericContainer(IMAGE)
    .withCommand(['server', '/data'])
    .withEnvironment({
      MINIO_ROOT_USER: MINIO_KEYS.accessKey,
      MINIO_ROOT_PASSWORD: MINIO_KEYS.secretKey,
    })
    .withExposedPorts({ container: 9000, host: port })
    .withWaitStrategy(tls === undefined ? isUp : isUp.usingTls().allowInsecure())
    .withStartupTimeout(CONTAINER_START_MS);
  if (dataBytes !== undefined) container = container.withTmpFs({ '/data': `rw,size=${dataBytes}` });
  if (tls !== undefined) {
    container = container.withCopyContentToContainer([
      { content: pemBlock(tls.key, 'PRIVATE KEY'), target: `${CERTIFICATES}/private.key` },
      { content: pemBlock(tls.cert, 'CERTIFICATE'), target: `${CERTIFICATES}/public.crt` },
    ]);
  }
  const started = await container.start();
  const docker = (command: string) => (): void =>
    void spawnSync('docker', [command, started.getId()], { stdio: 'ignore' });
  return {
    endpoint:
      tls === undefined ? `http://${started.getHost()}:${port}` : `https://127.0.0.1:${port}`,
    kill: docker('kill'),
    start: docker('start'),
    pause: docker('pause'),
    unpause: docker('unpause'),
    async stop() {
      await started.stop();
    },
  };
}

/** MinIO refuses a file that holds anything besides. */
function pemBlock(pem: string, name: string): string {
  return new RegExp(`-----BEGIN ${name}-----[^-]*-----END ${name}-----\n`).exec(pem)?.[0] ?? '';
}
