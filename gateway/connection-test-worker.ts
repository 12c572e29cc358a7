/** Composition root of a thread that tries one address and ends. It serves nobody and shares nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '#ingest/clock.ts';
import { testConnection, type ConnectionTestResult } from '#ingest/connection-test.ts';
import type { ConnectionTestOrder } from '#ingest/connection-tests.ts';
import { isAllowed, parseCameraNetworks } from '#registry/camera-networks.ts';
import type { ThreadMessage } from '#registry/thrown-away-threads.ts';

if (parentPort === null) throw new Error('connection-test-worker.ts runs as a worker thread');
const { source, cameraNetworks, withinMs } = workerData as ConnectionTestOrder;
const networks = parseCameraNetworks(cameraNetworks);
const answer = await testConnection({
  source,
  isAllowed: (address) => isAllowed(networks, address),
  clock: systemClock,
  withinMs,
});
parentPort.postMessage({ answer } satisfies ThreadMessage<ConnectionTestResult>);
