import type { ObservedField } from '#registry/provenance.ts';

/** A person fills a form in that long after the device was asked. */
const KEPT_MS = 4 * 60 * 60 * 1_000;
/** Devices of one person, and people, at most: past it the oldest are forgotten, whose values then count as typed in. */
const MAX_DEVICES = 32;
const MAX_PEOPLE = 1_000;

/** A field, or an address of a stream, and what the device told of it; of a recorder's channels one field has several. */
export type DeviceReading = readonly [
  field: ObservedField | 'stream.url' | 'stream.snapshotUrl',
  value: string | number,
];

/**
 * What devices told of themselves by ONVIF, and whom. A value is "read by ONVIF" because the gateway read it, not because
 * a client says so; a camera that is not registered yet has nowhere else to keep it.
 */
export interface DeviceReadings {
  keep(personId: string, readings: readonly DeviceReading[]): void;
  /** A device told this person so. */
  told(personId: string, field: string, value: unknown): boolean;
}

/** `now`: Unix ms. */
export function openDeviceReadings(now: () => number): DeviceReadings {
  const kept = new Map<string, { atMs: number; readings: readonly DeviceReading[] }[]>();

  function heard(personId: string) {
    return (kept.get(personId) ?? []).filter(({ atMs }) => now() - atMs < KEPT_MS);
  }

  return {
    keep(personId, readings) {
      const devices = [...heard(personId), { atMs: now(), readings }].slice(-MAX_DEVICES);
      kept.delete(personId);
      kept.set(personId, devices);
      const [oldest] = kept.keys();
      if (kept.size > MAX_PEOPLE && oldest !== undefined) kept.delete(oldest);
    },
    told(personId, field, value) {
      return heard(personId).some(({ readings }) =>
        readings.some((reading) => reading[0] === field && reading[1] === value),
      );
    },
  };
}
