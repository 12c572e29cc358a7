import { largestFirst, type ProfileReading } from './readings.ts';

/** Of a recorder, channels looked at. */
export const MAX_CHANNELS = 64;
/** Profiles of a camera of which the addresses are asked; of each channel of a recorder, where it is two for each. */
const PROFILES_OF_A_CAMERA = 4;
const PROFILES_OF_A_CHANNEL = 2;

export interface ChannelProfile {
  /** From 1, as the device lists its video sources. */
  channel: number;
  profile: ProfileReading;
}

/**
 * A device's profiles by channel, one for each video source (ONVIF Media §5.2.1): a camera has one, a recorder box as many as
 * it has cameras. Of each channel the largest picture first, and of a recorder's the smallest beside it, for walls.
 */
export function channelsOf(profiles: readonly ProfileReading[]): ChannelProfile[][] {
  const bySource = [...Map.groupBy(profiles, ({ source }) => source).values()].slice(
    0,
    MAX_CHANNELS,
  );
  return bySource.map((all, index) => {
    const sorted = largestFirst(all);
    const asked =
      bySource.length === 1
        ? sorted.slice(0, PROFILES_OF_A_CAMERA)
        : sorted.length <= PROFILES_OF_A_CHANNEL
          ? sorted
          : [...sorted.slice(0, 1), ...sorted.slice(-1)];
    return asked.map((profile) => ({ channel: index + 1, profile }));
  });
}
