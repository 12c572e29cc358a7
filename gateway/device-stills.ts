import type { DeviceStill, StillOrder } from '#ingest/device-still.ts';
import { TooManyDeviceStills } from './errors.ts';

/** Of all that ask devices for a picture; each holds up to 4 MB. */
const MAX_AT_ONCE = 4;

/** Pictures at snapshot addresses, few at a time: one more is refused (TooManyDeviceStills), and may come again. */
export interface DeviceStills {
  fetch: (order: StillOrder) => Promise<DeviceStill>;
}

export function openDeviceStills(
  fetchStill: (order: StillOrder) => Promise<DeviceStill>,
): DeviceStills {
  let running = 0;
  return {
    async fetch(order) {
      if (running >= MAX_AT_ONCE) {
        throw new TooManyDeviceStills(
          `${MAX_AT_ONCE} pictures are being fetched: try again in a moment`,
        );
      }
      running++;
      try {
        return await fetchStill(order);
      } finally {
        running--;
      }
    },
  };
}
