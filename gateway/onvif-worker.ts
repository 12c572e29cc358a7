/** Composition root of a thread that asks one device, or one network, by ONVIF and ends. It serves nobody and shares nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { isAllowed, parseCameraNetworks } from '#registry/camera-networks.ts';
import type { DeviceCallMessage, DeviceCallOrder } from '#registry/onvif/device-calls.ts';
import { discoverDevices } from '#registry/onvif/discover.ts';
import { probeDevice } from '#registry/onvif/probe.ts';

const parent = parentPort;
if (parent === null) throw new Error('onvif-worker.ts runs as a worker thread');
const call = workerData as DeviceCallOrder;
const networks = parseCameraNetworks(call.cameraNetworks);
const mayAsk = (address: string): boolean => isAllowed(networks, address);
const tell = (message: DeviceCallMessage): void => parent.postMessage(message);
tell({
  answer:
    call.kind === 'probe'
      ? await probeDevice(call.order, mayAsk)
      : await discoverDevices(call.order, mayAsk, (progress) => tell({ progress })),
});
