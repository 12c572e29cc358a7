import { spawnSync } from 'node:child_process';
import { GenericContainer, Wait } from 'testcontainers';
import { freePort } from '../free-port.ts';
import { CONTAINER_START_MS } from './container-start.ts';

const IMAGE = 'apache/kafka:4.1.0';

/** Why no Kafka can be started here, or undefined when it can. */
export function kafkaMissing(): string | undefined {
  if (docker('info') !== 0) return 'no container engine runs (Debian: docker.io), so no real Kafka';
  if (docker('image', 'inspect', IMAGE) !== 0) {
    return `the container image ${IMAGE} is not here, so no real Kafka`;
  }
  return undefined;
}

export interface KafkaServer {
  brokers: string[];
  /** As a power cut; what it has acknowledged is on its disk. */
  kill(): void;
  /** Again, on the same disk; it takes connections some seconds later. */
  start(): void;
  stop(): Promise<void>;
}

/** One node (KRaft). */
export async function startKafka(): Promise<KafkaServer> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  // It tells clients where it is, so that its port must be known before it starts.
  const port = await freePort();
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(CONTAINER_START_MS)
    .start();
  const id = container.getId();
  return {
    brokers: [`127.0.0.1:${port}`],
    kill: () => void docker('kill', id),
    start() {
      docker('start', id);
    },
    async stop() {
      await container.stop();
    },
  };
}

function docker(...args: readonly string[]): number | null {
  return spawnSync('docker', args, { stdio: 'ignore' }).status;
}
