import type { Logger } from 'pino';
import { ConnectionTests } from '#ingest/connection-tests.ts';
import { openAcceptedImports } from '#registry/inventory/accepted-imports.ts';
import { openImports, type Imports } from '#registry/inventory/imports.ts';
import { DeviceCalls } from '#registry/onvif/device-calls.ts';
import { openDiscoveries, type Discoveries } from '#registry/onvif/discoveries.ts';
import type { Config } from './config.ts';
import { openDeviceReadings, type DeviceReadings } from './device-readings.ts';
import type { Foundation } from './foundation.ts';

/** What somebody asks for and a thread of its own answers: an address tried, devices looked for and asked, a file read. */
export interface Questions {
  connectionTests: ConnectionTests;
  deviceCalls: DeviceCalls;
  discoveries: Discoveries;
  deviceReadings: DeviceReadings;
  imports: Imports;
}

/** Nothing runs until somebody asks. What is being answered when `parts` end is broken off. */
export function openQuestions(
  config: Pick<Config, 'cameraNetworks'>,
  {
    cameras,
    registry,
    parts,
    log,
  }: Pick<Foundation, 'cameras' | 'registry'> & { parts: AsyncDisposableStack; log: Logger },
): Questions {
  const cameraNetworks = config.cameraNetworks.ranges;
  const connectionTests = new ConnectionTests({
    workerUrl: new URL('connection-test-worker.ts', import.meta.url),
    cameraNetworks,
  });
  parts.defer(async () => connectionTests.stop());
  const deviceCalls = new DeviceCalls({
    workerUrl: new URL('onvif-worker.ts', import.meta.url),
    cameraNetworks,
  });
  parts.defer(async () => deviceCalls.stop());
  const discoveries = openDiscoveries(deviceCalls, Date.now);
  parts.defer(() => discoveries.close());
  const imports = openImports(cameras, {
    cameraNetworks,
    now: Date.now,
    accepted: openAcceptedImports(registry, { now: Date.now }),
    onFailure: (err) => log.error({ err }, 'import failed'),
  });
  parts.defer(async () => imports.close());
  const deviceReadings = openDeviceReadings(Date.now);
  return { connectionTests, deviceCalls, discoveries, deviceReadings, imports };
}
