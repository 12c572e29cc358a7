import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { LiveState, LiveStates } from '#ingest/live-states.ts';
import type { CameraEvent, Cameras } from '#registry/cameras.ts';
import { TooManyEventStreams } from '../errors.ts';
import { liveStateJsonOf } from '../live-state-json.ts';

/** Tabs that listen at once. One more gets 503. */
export const MAX_EVENT_STREAMS = 500;
/** A tab this far behind, beyond its snapshot, is disconnected; it comes back and begins with a new one. */
const MAX_BEHIND_BYTES = 1024 * 1024;
/** Keeps proxies from closing a quiet stream, and finds tabs that are gone. */
const HEARTBEAT_MS = 15_000;

interface EventStream {
  response: ServerResponse;
  maxBufferedBytes: number;
}

/** `/api/v1/events`: server-sent events, one stream per tab: `snapshot` first, then `live` and `camera` as they happen. */
export function registerEventRoute(
  app: FastifyInstance,
  deps: {
    cameras: Pick<Cameras, 'onChanged'>;
    liveStates: LiveStates;
    maxStreams?: number;
  },
): void {
  const { cameras, liveStates, maxStreams = MAX_EVENT_STREAMS } = deps;
  const streams = new Set<EventStream>();

  /** Encoded once for all tabs. */
  function tell(text: string): void {
    const bytes = Buffer.from(text);
    for (const stream of streams) {
      if (stream.response.writableLength > stream.maxBufferedBytes) stream.response.destroy();
      else stream.response.write(bytes);
    }
  }

  const ends = [
    liveStates.subscribe((live: LiveState) => {
      if (streams.size > 0) tell(eventText('live', liveStateJsonOf(live)));
    }),
    cameras.onChanged(({ kind, camera }: CameraEvent) => {
      if (streams.size === 0) return;
      if (kind === 'deleted') tell(eventText('camera-deleted', { id: camera.id }));
      else tell(eventText('camera', camera));
    }),
  ];
  const heartbeat = setInterval(() => tell(':\n\n'), HEARTBEAT_MS);
  heartbeat.unref();
  app.addHook('preClose', async () => {
    clearInterval(heartbeat);
    for (const end of ends) end();
    for (const { response } of streams) response.end();
  });

  app.get(
    '/api/v1/events',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'What happens, as it happens (text/event-stream)',
        description:
          'First `snapshot` (LiveState[] of all cameras), then `live` (LiveState) per change and `camera` (Camera) when one is added, ' +
          'changed or brought back, `camera-deleted` ({id}) when one is deleted.',
        tags: ['cameras'],
      },
    },
    (_request, reply) => {
      if (streams.size >= maxStreams) throw new TooManyEventStreams('too many tabs listen');
      const snapshot = eventText('snapshot', Array.from(liveStates.all(), liveStateJsonOf));
      reply.hijack();
      const response = reply.raw;
      const stream = { response, maxBufferedBytes: Buffer.byteLength(snapshot) + MAX_BEHIND_BYTES };
      streams.add(stream);
      response.once('close', () => streams.delete(stream));
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
