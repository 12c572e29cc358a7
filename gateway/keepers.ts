import type { Logger } from 'pino';
import type { CameraEvents } from '#registry/events/camera-events.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import { approvalNotices } from './approval-notices.ts';
import type { Config } from './config.ts';
import { keepCounts } from './counts-keeper.ts';
import type { Foundation } from './foundation.ts';
import { watchIncidents } from './incident-watch.ts';
import { storeMeasuredStreams } from './measured-streams.ts';
import { keepNotices, type NoticeKeeper } from './notices/keeper.ts';
import type { Pulling } from './pulling.ts';
import { keepSearch } from './search-keeper.ts';
import { proposalNotices, surveyNotices } from './survey-notices.ts';
import { startSurvey, type Survey } from './survey.ts';

/** Of what the gateway does by its own clock, that which is asked too. */
export interface Keepers {
  notices: NoticeKeeper;
  survey: Survey;
}

/**
 * What the gateway does by its own clock, while nobody asks: measured streams stored, incidents found, notices written, counts and
 * the index of texts kept, rounds of the survey frozen. Each ends with `parts`, and not before what it was doing is done.
 */
export function startKeepers(
  config: Pick<Config, 'notices'>,
  {
    registry,
    box,
    people,
    cameras,
    pulling: { liveStates, conditions },
    recording,
    events,
    parts,
    log,
  }: Pick<Foundation, 'registry' | 'box' | 'people' | 'cameras'> & {
    pulling: Pick<Pulling, 'liveStates' | 'conditions'>;
    recording: Pick<RecordingService, 'shortenings'>;
    events: Pick<CameraEvents, 'conditions'>;
    parts: AsyncDisposableStack;
    log: Logger;
  },
): Keepers {
  const now = Date.now;
  const measured = storeMeasuredStreams({ cameras, liveStates, log });
  parts.defer(() => measured.close());
  const incidents = watchIncidents({ database: registry, feed: conditions.feed, now, log });
  parts.defer(async () => incidents.close());
  const notices = keepNotices({
    config: config.notices,
    registry,
    people: people.database,
    box,
    saidSince: async (sinceMs) => {
      const look = { sinceMs, nowMs: now() };
      return [
        ...(await surveyNotices(registry, look)),
        ...(await proposalNotices(registry, look)),
        ...(await approvalNotices(recording.shortenings, registry, look)),
      ];
    },
    now,
    log,
  });
  parts.defer(async () => notices.close());
  const counts = keepCounts({ registry, log });
  parts.defer(async () => counts.close());
  const search = keepSearch({ registry, log });
  parts.defer(async () => search.close());
  const survey = startSurvey({ registry, cameras, log, now });
  parts.defer(async () => survey.close());
  events.conditions.subscribe(({ cameraId }) => survey.feed.touch([cameraId]));
  return { notices, survey };
}
