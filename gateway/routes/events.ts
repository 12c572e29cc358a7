import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { LiveState, LiveStates } from '#ingest/live-states.ts';
import { contains, type Area } from '#registry/area.ts';
import type { RegistrationEvent, Cameras } from '#registry/cameras.ts';
import type { Conditions } from '#registry/events/condition-board.ts';
import type { ObservedCondition } from '#registry/events/observed-state.ts';
import { runFor } from '../auth/admission.ts';
import { conditionJsonOf } from '../condition-json.ts';
import { TooManyEventStreams } from '../errors.ts';
import { liveStateJsonOf } from '../live-state-json.ts';
import type { CountsChanged, CountsFeed } from '../survey-counts-feed.ts';

/** Tabs that listen at once. One more gets 503. */
export const MAX_EVENT_STREAMS = 500;
/** A tab this far behind, beyond its snapshot, is disconnected; it comes back and begins with a new one. */
const MAX_BEHIND_BYTES = 1024 * 1024;
/** Keeps proxies from closing a quiet stream, and finds tabs that are gone. */
const HEARTBEAT_MS = 15_000;

interface EventStream {
  /** Undefined until its snapshot has been written. */
  response: ServerResponse | undefined;
  maxBufferedBytes: number;
  /** Cameras that it tells of; undefined: all of them. */
  scope: Set<string> | undefined;
  areas: readonly Area[];
}

/**
 * `/api/v1/events`: server-sent events, one stream per tab: `snapshot` and `conditions` first, then `live`, `condition` and
 * `camera` as they happen, of cameras in scope. A stream ends when rights change; the tab comes back and begins with what it may see then.
 */
export function registerEventRoute(
  app: FastifyInstance,
  deps: {
    cameras: Pick<Cameras, 'onChanged'>;
    liveStates: LiveStates;
    conditions?: Conditions;
    readIdsWithin: (areas: readonly Area[]) => Promise<Set<string>>;
    countsFeed?: Pick<CountsFeed, 'subscribe'>;
    maxStreams?: number;
  },
): void {
  const { cameras, liveStates, conditions, readIdsWithin, maxStreams = MAX_EVENT_STREAMS } = deps;
  const streams = new Set<EventStream>();

  /** Encoded once for all tabs. `cameraId`: whom it is about. */
  function tell(text: string, cameraId?: string): void {
    const bytes = Buffer.from(text);
    for (const stream of streams) {
      if (stream.response === undefined) continue;
      if (cameraId !== undefined && stream.scope?.has(cameraId) === false) continue;
      if (stream.response.writableLength > stream.maxBufferedBytes) stream.response.destroy();
      else stream.response.write(bytes);
    }
  }

  /** Each is told of provinces that it sees something of. */
  function tellCounts(provinces: CountsChanged): void {
    for (const { response, areas, scope, maxBufferedBytes } of streams) {
      if (response === undefined) continue;
      const told = provinces?.filter((province) => scope === undefined || touches(areas, province));
      if (told?.length === 0) continue;
      if (response.writableLength > maxBufferedBytes) response.destroy();
      else response.write(eventText('counts', { provinces: told ?? null }));
    }
  }

  const ends = [
    deps.countsFeed?.subscribe(tellCounts) ?? (() => undefined),
    liveStates.subscribe((live: LiveState) => {
      if (streams.size > 0) tell(eventText('live', liveStateJsonOf(live)), live.cameraId);
    }),
    conditions?.subscribe((condition: ObservedCondition) => {
      if (streams.size === 0) return;
      tell(eventText('condition', conditionJsonOf(condition)), condition.cameraId);
    }),
    cameras.onChanged(({ kind, camera }: RegistrationEvent) => {
      const gone = eventText('camera-deleted', { id: camera.id });
      for (const { scope, areas, response } of streams) {
        if (scope === undefined) continue;
        if (areas.some((area) => contains(area, camera.lao))) scope.add(camera.id);
        // Moved to another LAO, it is not there any more for those who saw it.
        else if (scope.delete(camera.id)) response?.write(gone);
      }
      if (streams.size === 0) return;
      if (kind === 'deleted') tell(gone, camera.id);
      else tell(eventText('camera', camera), camera.id);
    }),
  ];
  const heartbeat = setInterval(() => tell(':\n\n'), HEARTBEAT_MS);
  heartbeat.unref();
  app.addHook('preClose', async () => {
    clearInterval(heartbeat);
    for (const end of ends) end?.();
    for (const { response } of streams) response?.end();
  });

  app.get(
    '/api/v1/events',
    {
      config: { action: 'camera.list' },
      exposeHeadRoute: false,
      schema: {
        summary: 'What happens, as it happens (text/event-stream)',
        description:
          'First `snapshot` (LiveState[] of the cameras in your area) and `conditions` (ObservedCondition[] of those that were looked at), then `live` ' +
          '(LiveState) and `condition` (ObservedCondition, once it counts) per change, and `camera` (Camera) when one is added, ' +
          'changed or brought back, `camera-deleted` ({id}) when one is deleted, or is in your area no more. `counts` ({provinces: [] | null}), at most once a second: ' +
          'counts of the survey changed there (null: anywhere), ask for them again.',
        tags: ['cameras'],
      },
    },
    async (request, reply) => {
      if (streams.size >= maxStreams) throw new TooManyEventStreams('too many tabs listen');
      const { admitted } = request;
      const version = admitted?.version;
      const areas = request.areasFor('camera.list');
      const seesAll = areas.some(({ level }) => level === 'country');
      const stream: EventStream = {
        response: undefined,
        maxBufferedBytes: 0,
        scope: seesAll ? undefined : new Set(),
        areas,
      };
      const response = reply.raw;
      // In the list before the query: a camera that is added meanwhile is not missed.
      streams.add(stream);
      response.once('close', () => streams.delete(stream));
      if (stream.scope !== undefined) {
        try {
          for (const id of await readIdsWithin(areas)) stream.scope.add(id);
        } catch (error) {
          streams.delete(stream);
          throw error;
        }
      }
      const states = Array.from(liveStates.all()).filter(
        ({ cameraId }) => stream.scope?.has(cameraId) !== false,
      );
      const seen = Array.from(conditions?.all() ?? []).filter(
        ({ cameraId }) => stream.scope?.has(cameraId) !== false,
      );
      const snapshot =
        eventText('snapshot', states.map(liveStateJsonOf)) +
        eventText('conditions', seen.map(conditionJsonOf));
      reply.hijack();
      if (response.destroyed) return;
      const running = {
        mayGoOn: (now: { version: number }) => now.version === version,
        end: () => response.end(),
      };
      if (admitted !== undefined) response.once('close', runFor(admitted, running));
      stream.response = response;
      stream.maxBufferedBytes = Buffer.byteLength(snapshot) + MAX_BEHIND_BYTES;
      response.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Accel-Buffering': 'no',
      });
      response.write(snapshot);
    },
  );
}

/** JSON has no raw line breaks, so one `data` line holds it. */
function eventText(event: string, json: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(json)}\n\n`;
}

function touches(areas: readonly Area[], province: string): boolean {
  return areas.some((area) => area.level === 'country' || area.province === province);
}
