import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { LiveStates } from '#ingest/live-states.ts';
import { contains, type Place } from '#registry/area.ts';
import type { Author } from '#registry/author.ts';
import { authorship, camera, type Camera, type CameraChange } from '#registry/camera.ts';
import { isOutside, type CameraNetworks } from '#registry/camera-networks.ts';
import { CameraNotFound, CameraTwice } from '#registry/camera-refusals.ts';
import type { CameraDetail, Cameras } from '#registry/cameras.ts';
import type { GivenNames } from '#registry/known-names.ts';
import type { Conditions } from '#registry/events/condition-board.ts';
import {
  finding,
  observation,
  observedFields,
  observers,
  valueOrigin,
  type ObservedField,
  type Observer,
} from '#registry/provenance.ts';
import { MAX_STREAM_URL_LENGTH } from '#registry/stream-address.ts';
import { typedLine } from '#registry/text.ts';
import { typedCamera, typedChange } from '#registry/typed-camera.ts';
import { actingIn } from '../auth/acting.ts';
import type { AuditAction } from '../audit/actions.ts';
import { authorOf } from '../auth/actor.ts';
import type { DeviceReadings } from '../device-readings.ts';
import { errorBody } from '../errors.ts';
import { cameraWarning, cameraWarnings, nameWarnings } from './camera-warnings.ts';
import { cameraFilter, observedNow } from './camera-filter.ts';
import { isUnchanged, versionOf } from './entity-tag.ts';

/** A value is to be accepted as read from the camera, and it is not what was read. */
class NotAsRead extends Error {
  readonly code = 'not_as_read';
  constructor(field: string, source: Observer) {
    super(`${field} is not what ${source} says of the camera: give it as declared`);
  }
}

const DEFAULT_PAGE = 100;
const MAX_PAGE = 500;
const MAX_REASON = 500;

const cameraPage = z
  .object({
    cameras: z.array(camera),
    nextCursor: z.string().nullable().meta({ description: 'null on the last page' }),
  })
  .meta({ id: 'CameraPage' });

const warnings = z.array(cameraWarning);
const savedCamera = camera.extend({ warnings }).meta({ id: 'SavedCamera' });

const cameraDetail = camera
  .extend({
    provenance: z.record(z.string(), valueOrigin).meta({
      description:
        'of each registered value: how it came, by whom, when; {} for an old registration',
    }),
    observed: z.array(observation).meta({
      description: 'what ONVIF and the stream say; never written over what is registered',
    }),
    findings: z.array(finding),
    warnings,
    deleted: z.object({ by: authorship, at: z.iso.datetime(), reason: z.string() }).nullable(),
  })
  .meta({ id: 'CameraDetail' });

const history = z
  .object({
    versions: z.array(
      z.object({
        version: z.int(),
        at: z.iso.datetime(),
        action: z.enum(['created', 'changed', 'deleted', 'restored']),
        source: z.string(),
        author: authorship,
        reason: z.string().nullable(),
        changes: z
          .array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() }))
          .meta({ description: 'of a password only whether there is one' }),
      }),
    ),
  })
  .meta({ id: 'CameraHistory' });

const confirm = z.object({
  confirm: z.enum(['duplicate']).optional().meta({
    description: 'that another camera has the same position and stream is known (camera_twice)',
  }),
});
const ifMatch = z.object({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'the ETag that the camera was read with, or its version' }),
});
const params = z.object({ id: z.string() });
const reason = typedLine(MAX_REASON).meta({ examples: ['ย้ายกล้องไปจุดอื่น'] });

async function record(
  request: FastifyRequest,
  action: AuditAction,
  object: { id: string; label?: string | undefined },
  more: { why?: string | undefined; detail?: Readonly<Record<string, unknown>> } = {},
): Promise<void> {
  await request.record(action, { kind: 'camera', ...object }, more);
}

/** The registry over HTTP. */
export function registerCameraRoutes(
  app: FastifyInstance,
  deps: {
    cameras: Cameras;
    liveStates: LiveStates;
    /** What is seen of cameras; without it no list is narrowed to that. */
    conditions?: Pick<Conditions, 'all'>;
    /** By any spelling of it, what rights are bound to: เทศบาลตำบลก is ทต.ก. */
    canonicalLao: (given: Place) => Promise<Place>;
    /** Names that would be proposed to their lists. */
    namesNotListed: (given: GivenNames) => Promise<(keyof GivenNames)[]>;
    deviceReadings: Pick<DeviceReadings, 'told'>;
    /** Where streams may be pulled from; without it nothing is said of addresses. */
    config: { cameraNetworks?: CameraNetworks };
  },
): void {
  const { cameras, canonicalLao, namesNotListed, deviceReadings } = deps;
  const { cameraNetworks } = deps.config;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  /** The stored camera that a change is about. */
  async function found(id: string): Promise<Camera> {
    return (await detailOf(id)).camera;
  }

  async function detailOf(id: string): Promise<CameraDetail> {
    const detail = await cameras.detail(id);
    if (detail === undefined) throw new CameraNotFound(id);
    return detail;
  }

  /**
   * What of a change, accepted as `source` read it, a device told of itself and is not kept beside the camera yet. Throws
   * NotAsRead for what nobody read.
   */
  function toldByDevice(
    request: FastifyRequest,
    { observed }: CameraDetail,
    change: CameraChange,
    source: Observer,
  ): Partial<Record<ObservedField, string | number>> {
    const told: Partial<Record<ObservedField, string | number>> = {};
    const { stream, ...fields } = change;
    if (stream !== undefined) toldAddresses(request, stream, source);
    for (const [field, value] of Object.entries(fields)) {
      if (
        observed.some((one) => one.source === source && one.field === field && one.value === value)
      ) {
        continue;
      }
      const isTold = source === 'onvif' && deviceReadings.told(actingIn(request).id, field, value);
      const name = observedFields.find((one) => one === field);
      if (!isTold || name === undefined) throw new NotAsRead(field, source);
      // A device tells texts and numbers alone.
      told[name] = value as string | number;
    }
    return told;
  }

  /** A stream is accepted as read where a device told each of its addresses; credentials may stand beside them. */
  function toldAddresses(
    request: FastifyRequest,
    stream: NonNullable<CameraChange['stream']> | null,
    source: Observer,
  ): void {
    const { username: _username, password: _password, ...addresses } = stream ?? {};
    const given = Object.entries(addresses);
    if (source !== 'onvif' || given.length === 0) throw new NotAsRead('stream', source);
    for (const [part, value] of given) {
      // Of a device's profiles each may be a sub-stream.
      const field = `stream.${part === 'subUrl' ? 'url' : part}`;
      if (!deviceReadings.told(actingIn(request).id, field, value))
        throw new NotAsRead(field, source);
    }
  }

  typed.get(
    '/api/v1/cameras',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Cameras, oldest first',
        tags: ['cameras'],
        querystring: z.object({
          ...cameraFilter,
          cursor: z.uuidv7('not a nextCursor of this list').optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: { 200: cameraPage, 304: z.null(), 400: errorBody },
      },
    },
    async (request, reply) => {
      const { cursor, limit, observed, ...rest } = request.query;
      const isSearch = Object.values(rest).some((value) => value !== undefined);
      if (isSearch) await record(request, 'camera.search', { id: 'list' }, { detail: rest });
      // One more than asked for tells whether there is a next page.
      const listed = await cameras.list({
        ...rest,
        within: request.areasFor('camera.list'),
        among: observedNow(deps, observed),
        after: cursor,
        limit: limit + 1,
      });
      const page = listed.slice(0, limit);
      const nextCursor = listed.length > limit ? (page.at(-1)?.id ?? null) : null;
      const answer = { cameras: page, nextCursor };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );

  typed.post(
    '/api/v1/cameras',
    {
      config: { action: 'camera.create' },
      schema: {
        summary: 'Register a camera',
        description: 'Whoever registers it attests its scope (`scopeAttested`).',
        tags: ['cameras'],
        querystring: confirm,
        body: typedCamera,
        response: {
          201: savedCamera,
          400: errorBody,
          403: errorBody,
          409: errorBody,
          415: errorBody,
        },
      },
    },
    async (request, reply) => {
      const body = { ...request.body, lao: await canonicalLao(request.body.lao) };
      await permitAt(request, 'camera.create', body.lao, body.stream);
      const id = cameras.nextId();
      await record(request, 'camera.create', { id, label: body.position });
      const proposed = await namesNotListed(body);
      const created = await toldWithin(
        request,
        cameras.create(body, {
          id,
          author: authorAt(request, body.lao),
          duplicateConfirmed: request.query.confirm === 'duplicate',
        }),
      );
      const saved = {
        ...created,
        warnings: [...cameraWarnings(created, cameraNetworks), ...nameWarnings(proposed, created)],
      };
      isUnchanged(request, reply, saved, created.version);
      return reply.code(201).header('Location', `/api/v1/cameras/${created.id}`).send(saved);
    },
  );

  typed.post(
    '/api/v1/cameras/address-check',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'Whether an address that is being typed could be connected',
        description: 'Asks nobody and stores nothing; `POST /api/v1/cameras/test` tries it.',
        tags: ['cameras'],
        body: z
          .strictObject({ url: z.string().max(MAX_STREAM_URL_LENGTH) })
          .meta({ examples: [{ url: 'rtsp://192.168.1.64/stream1' }] }),
        response: {
          200: z.object({
            outsideNetworks: z.boolean().meta({
              description: 'outside CAMERA_NETWORKS; false too of a name, which is looked up later',
            }),
          }),
          400: errorBody,
        },
      },
    },
    async ({ body }) => ({
      outsideNetworks: cameraNetworks !== undefined && isOutside(cameraNetworks, body.url),
    }),
  );

  typed.get(
    '/api/v1/cameras/:id',
    {
      config: { action: 'camera.read', subject: 'camera' },
      schema: {
        summary: 'One camera, with where its values come from and what disagrees',
        description: 'Also one that was deleted: `deleted` says by whom and why.',
        tags: ['cameras'],
        params,
        response: { 200: cameraDetail, 304: z.null(), 404: errorBody },
      },
    },
    async (request, reply) => {
      const detail = await cameras.detail(request.params.id);
      if (detail === undefined) throw new CameraNotFound(request.params.id);
      const answer = {
        ...detailJsonOf(detail),
        warnings: cameraWarnings(detail.camera, cameraNetworks),
      };
      if (isUnchanged(request, reply, answer, detail.camera.version)) {
        return reply.code(304).send(null);
      }
      return answer;
    },
  );

  typed.patch(
    '/api/v1/cameras/:id',
    {
      config: { action: 'camera.edit', subject: 'camera' },
      schema: {
        summary: 'Change a camera',
        description:
          'What is left out stays. A stale If-Match gets 409 `camera_changed_meanwhile` with both versions. A change to ' +
          '`closed-area` ends the link, and empties fields ๔ and ๕. An address that leads to another device wants its password again.',
        tags: ['cameras'],
        params,
        headers: ifMatch,
        querystring: confirm.extend({
          source: z
            .enum(['declared', ...observers])
            .default('declared')
            .meta({
              description:
                'how the values came: from a person, or accepted as they were read (`observed`, or told by a probe): then ' +
                'each has to be what was read, else 400 `not_as_read`; of a stream each address, beside which credentials may stand',
            }),
        }),
        body: typedChange,
        response: {
          200: savedCamera,
          400: errorBody,
          404: errorBody,
          409: errorBody,
          428: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { source } = request.query;
      const version = versionOf(request);
      const detail = await detailOf(id);
      const before = detail.camera;
      const { lao } = request.body;
      const change =
        lao === undefined ? request.body : { ...request.body, lao: await canonicalLao(lao) };
      const told = source === 'declared' ? {} : toldByDevice(request, detail, change, source);
      // Nobody moves a camera to where they may not keep it.
      await permitAt(request, 'camera.edit', change.lao ?? before.lao, change.stream);
      await record(
        request,
        'camera.change',
        { id, label: before.position },
        { detail: { fields: Object.keys(change), version } },
      );
      const proposed = await namesNotListed(change);
      const changed = await toldWithin(
        request,
        cameras.change(id, change, {
          author: authorAt(request, before.lao),
          version,
          source,
          duplicateConfirmed: request.query.confirm === 'duplicate',
        }),
      );
      await cameras.observe(id, 'onvif', told);
      const saved = {
        ...changed,
        warnings: [...cameraWarnings(changed, cameraNetworks), ...nameWarnings(proposed, changed)],
      };
      isUnchanged(request, reply, saved, changed.version);
      return saved;
    },
  );

  typed.delete(
    '/api/v1/cameras/:id',
    {
      config: { action: 'camera.delete', subject: 'camera' },
      schema: {
        summary: 'Delete a camera, with a reason; it can be brought back',
        description: 'A stale If-Match gets 409 `camera_changed_meanwhile`.',
        tags: ['cameras'],
        params,
        headers: ifMatch,
        body: z.strictObject({ reason }),
        response: {
          204: z.null(),
          400: errorBody,
          404: errorBody,
          409: errorBody,
          428: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const version = versionOf(request);
      const before = await found(id);
      const why = request.body.reason;
      await record(request, 'camera.delete', { id, label: before.position }, { why });
      await cameras.remove(id, {
        author: authorAt(request, before.lao),
        version,
        reason: why,
      });
      return reply.code(204).send(null);
    },
  );

  typed.post(
    '/api/v1/cameras/:id/restore',
    {
      config: { action: 'camera.delete', subject: 'camera' },
      schema: {
        summary: 'Bring a deleted camera back',
        tags: ['cameras'],
        description:
          'Where another one has its position and its stream meanwhile, 409 `camera_twice`.',
        params,
        headers: ifMatch,
        querystring: confirm,
        response: { 200: camera, 404: errorBody, 409: errorBody, 428: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const version = versionOf(request);
      const before = await found(id);
      await record(request, 'camera.restore', { id, label: before.position });
      const restored = await toldWithin(
        request,
        cameras.restore(id, {
          author: authorAt(request, before.lao),
          version,
          duplicateConfirmed: request.query.confirm === 'duplicate',
        }),
      );
      isUnchanged(request, reply, restored, restored.version);
      return restored;
    },
  );

  typed.get(
    '/api/v1/cameras/:id/history',
    {
      config: { action: 'camera.read', subject: 'camera' },
      schema: {
        summary: 'Every change of a camera, newest first',
        tags: ['cameras'],
        params,
        response: { 200: history, 404: errorBody },
      },
    },
    async (request) => {
      const versions = await cameras.history(request.params.id);
      if (versions === undefined) throw new CameraNotFound(request.params.id);
      return {
        versions: versions.map(({ atMs, changes, ...version }) => ({
          ...version,
          at: new Date(atMs).toISOString(),
          changes: changes.map(([field, before, after]) => ({ field, before, after })),
        })),
      };
    },
  );
}

/** Where it is to be, and, if its stream is given, whether they may give it. */
async function permitAt(
  request: FastifyRequest,
  action: 'camera.create' | 'camera.edit',
  lao: Camera['lao'],
  stream: unknown,
): Promise<void> {
  await request.permit(action, { kind: 'camera', lao });
  if (stream === undefined || stream === null) return;
  await request.permit('camera.credentials', { kind: 'camera', lao });
}

/** A camera out of the area does not exist: `camera_twice` says that there is one elsewhere, not which. */
async function toldWithin<T>(request: FastifyRequest, written: Promise<T>): Promise<T> {
  try {
    return await written;
  } catch (error) {
    if (!(error instanceof CameraTwice)) throw error;
    const areas = request.areasFor('camera.read');
    const told = error.details.cameras.filter(({ lao }) =>
      areas.some((area) => contains(area, lao)),
    );
    throw new CameraTwice({
      cameras: told,
      elsewhere: told.length < error.details.cameras.length,
    });
  }
}

function authorAt(request: FastifyRequest, lao: Camera['lao']): Author {
  return authorOf(actingIn(request), lao);
}

function detailJsonOf({ camera: registered, origins, ...rest }: CameraDetail) {
  return { ...registered, provenance: origins, ...rest };
}
