import type { Point } from './map-view.ts';

/** Cameras on the small map, together where they would lie on each other. Pure. */

export interface PlacedCamera extends Point {
  id: string;
  position: string;
  /** What its owner says of it. */
  declared: string | null;
}

export interface CameraCluster extends Point {
  cameras: readonly PlacedCamera[];
  /** Of the worst of them: one broken camera among nine is not covered by them. */
  declared: string | null;
}

/** So many marks lie beside each other in the window at most. */
const MARKS_ACROSS = 20;
const worstFirst = ['unrepairable', 'under-repair', 'working'];

/** `span`: of the window, degrees of latitude. In the middle of those that they stand for. */
export function clustersOf(cameras: readonly PlacedCamera[], span: number): CameraCluster[] {
  const cell = span / MARKS_ACROSS;
  const together = Map.groupBy(
    cameras,
    ({ latitude, longitude }) => `${Math.floor(latitude / cell)} ${Math.floor(longitude / cell)}`,
  );
  return [...together.values()].map((some) => ({
    cameras: some,
    declared: worstFirst.find((one) => some.some(({ declared }) => declared === one)) ?? null,
    latitude: mean(some.map(({ latitude }) => latitude)),
    longitude: mean(some.map(({ longitude }) => longitude)),
  }));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
