import { useEffect, useMemo, useState } from 'react';
import { readRegister } from '../api/cameras.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import type { PlacedCamera } from './camera-clusters.ts';
import type { Point } from './map-view.ts';

/** Typing a name asks once, when it rests. */
const REST_MS = 600;

/**
 * Where an LAO's cameras are, in the middle of those that have a position: a new one is mostly near them. Undefined: none
 * is known, or it is not asked for.
 */
export function useNeighbourhood(
  lao: { name: string; district: string; province: string },
  wanted: boolean,
): Point | undefined {
  const [point, setPoint] = useState<Point>();
  const { name, district, province } = lao;
  useEffect(() => {
    setPoint(undefined);
    if (!wanted || name === '' || district === '' || province === '') return undefined;
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      readRegister({ lao: name, district, province }, null, leaving.signal).then(
        ({ cameras }) => setPoint(middleOf(cameras)),
        () => {
          // The map begins with the whole country.
        },
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [name, district, province, wanted]);
  return point;
}

/** The other cameras of an LAO that have a position, a page of them at most. Empty until they are here, and where they cannot be had. */
export function useNeighbours({
  id,
  lao,
}: {
  id: string;
  lao: { name: string; district: string; province: string };
}): PlacedCamera[] {
  const { name, district, province } = lao;
  const { value } = useLoaded(
    async (signal) => readRegister({ lao: name, district, province }, null, signal),
    [name, district, province],
  );
  return useMemo(() => placedOf(value?.cameras ?? [], id), [value, id]);
}

export function placedOf(
  cameras: readonly {
    id: string;
    position: string;
    declared: string | null;
    latitude: number | null;
    longitude: number | null;
  }[],
  exceptId: string,
): PlacedCamera[] {
  return cameras.flatMap(({ id, position, declared, latitude, longitude }) =>
    id === exceptId || latitude === null || longitude === null
      ? []
      : [{ id, position, declared, latitude, longitude }],
  );
}

/** By the middle one of each: one pin in the sea moves nobody's map. */
export function middleOf(
  cameras: readonly { latitude: number | null; longitude: number | null }[],
): Point | undefined {
  const placed = cameras.flatMap(({ latitude, longitude }) =>
    latitude === null || longitude === null ? [] : [{ latitude, longitude }],
  );
  const latitude = middle(placed.map((one) => one.latitude));
  const longitude = middle(placed.map((one) => one.longitude));
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}

function middle(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
