import type { Logger } from 'pino';
import { plainState } from '#ingest/live-states.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { CameraEvents } from '#registry/events/camera-events.ts';
import type { Laos } from '#registry/laos.ts';
import type { Sites } from '#registry/sites.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import type { Pulling } from './pulling.ts';

const LIST_PAGE = 500;

/**
 * What is registered with a stream is pulled, and what becomes of it in the registry is done to its stream: what is changed,
 * closed, deleted or brought back, here or by anybody, is so at once.
 */
export async function pullRegistered(
  { pool, liveStates, conditions }: Pulling,
  deps: {
    cameras: Cameras;
    laos: Pick<Laos, 'onSitesMerged'>;
    sites: Pick<Sites, 'onChanged'>;
    recording: Pick<RecordingService, 'setRecorded' | 'onTurn'>;
    events: Pick<CameraEvents, 'deleted' | 'restored'>;
    log: Pick<Logger, 'error'>;
  },
): Promise<void> {
  const { cameras, laos, sites, recording, events, log } = deps;
  cameras.onChanged(({ kind, camera, source, streamChanged }) => {
    if (!streamChanged) return;
    recording.setRecorded(camera.id, source?.record === true);
    // Whatever was pulled ends now: its address is another, its area is closed, or it was deleted.
    if (source !== null) {
      void conditions.streamChanged(camera.id, (baseline) => pool.setBaseline(camera.id, baseline));
      pool.add(source);
    } else {
      pool.remove(camera.id);
    }
    if (kind !== 'deleted' && source === null) {
      liveStates.set(plainState(camera.id, 'not-linked', Date.now()));
      conditions.feed.notLinked(camera.id);
    } else if (kind === 'deleted') {
      liveStates.remove(camera.id);
      conditions.feed.removed(camera.id);
      events.deleted(camera.id);
    }
    if (kind === 'restored') {
      events
        .restored(camera.id)
        .catch((err: unknown) => log.error({ err, cameraId: camera.id }, 'condition not read'));
    }
  });
  // What a site can bear goes with every stream of it.
  const dialSite = (siteId: string): void => {
    cameras.streams(siteId).then(
      (sources) => pool.addAll(sources),
      (error: unknown) => log.error({ err: error, siteId }, 'site not dialled anew'),
    );
  };
  sites.onChanged(({ id }) => dialSite(id));
  laos.onSitesMerged((siteIds) => siteIds.forEach(dialSite));
  for await (const id of unlinkedCameras(cameras)) {
    liveStates.set(plainState(id, 'not-linked', Date.now()));
  }
  recording.onTurn(() => {
    cameras.streams().then(
      (sources) => pool.addAll(sources.filter(({ record }) => record)),
      (error: unknown) => log.error({ err: error }, 'cameras not dialled anew to be recorded'),
    );
  });
  pool.addAll(await cameras.streams());
}

async function* unlinkedCameras(cameras: Cameras): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const page = await cameras.list({ linked: false, after, limit: LIST_PAGE });
    for (const { id } of page) yield id;
    if (page.length < LIST_PAGE) return;
    after = page.at(-1)?.id;
  }
}
