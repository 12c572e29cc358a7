import { closedAreaRule } from '#registry/camera.ts';
import type { Footage } from '#storage/footage.ts';

/** The camera is in a closed area: what was recorded before it was known to be is kept, and nobody watches it (decision 0270). */
export class ClosedAreaNotWatched extends Error {
  readonly code = 'closed_area_never_watched';
  constructor() {
    super(
      `a camera in a closed area is counted, never watched, and neither is its footage: ${closedAreaRule}`,
    );
  }
}

/**
 * Footage that shows no picture of a camera in a closed area, whoever asks and by whatever address it was given before: ClosedAreaNotWatched. When there
 * is some, and what was deleted, is told as of any other.
 */
export function unlessClosed(
  footage: Footage,
  isClosed: (cameraId: string) => Promise<boolean>,
): Footage {
  const shown =
    <Rest extends unknown[], Shown>(show: (cameraId: string, ...rest: Rest) => Promise<Shown>) =>
    async (cameraId: string, ...rest: Rest): Promise<Shown> => {
      if (await isClosed(cameraId)) throw new ClosedAreaNotWatched();
      return show(cameraId, ...rest);
    };
  return {
    timeline: async (cameraId, range) => footage.timeline(cameraId, range),
    deletions: async (filter, page) => footage.deletions(filter, page),
    playlist: shown(async (...asked) => footage.playlist(...asked)),
    source: shown(async (...asked) => footage.source(...asked)),
    clip: shown(async (...asked) => footage.clip(...asked)),
    clipPieces: shown(async (...asked) => footage.clipPieces(...asked)),
    picture: shown(async (...asked) => footage.picture(...asked)),
  };
}
