import type { Place } from '#registry/area.ts';

/**
 * Places of cameras that are asked for one by one, read together: all that are asked for in one turn of the event loop
 * share a query. A wall that is opened asks for hundreds at once, and each query costs the serving thread as much as ten
 * parts that it sends. None is answered by a query that began before it was asked for.
 */
export function placesTogether(
  readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>,
): (cameraId: string) => Promise<Place | undefined> {
  let together: { cameraIds: Set<string>; places: Promise<Map<string, Place>> } | undefined;

  function begin(): NonNullable<typeof together> {
    const cameraIds = new Set<string>();
    const places = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      together = undefined;
      return readPlaces([...cameraIds]);
    });
    return { cameraIds, places };
  }

  return async (cameraId) => {
    together ??= begin();
    const { cameraIds, places } = together;
    cameraIds.add(cameraId);
    return (await places).get(cameraId);
  };
}
