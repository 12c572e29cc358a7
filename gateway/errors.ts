import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import * as z from 'zod';

/** An answer that says what went wrong, as clients get it. */
export const errorBody = z
  .object({
    error: z.object({
      code: z.string().meta({ description: 'stable; screens have words for it' }),
      message: z.string().meta({ description: 'in English, for people' }),
      details: z.unknown().optional(),
    }),
  })
  .meta({ id: 'Error' });

/** The request is of a kind that this server does not serve, whoever sends it. */
export class RequestRefused extends Error {
  readonly code: 'host_not_allowed' | 'origin_not_allowed' | 'address_not_valid';
  constructor(code: RequestRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Exports that run at once are bounded: each reads much of the log. */
export class TooManyExports extends Error {
  readonly code = 'too_many_exports';
}

/** Each is a process of its own. */
export class TooManyStills extends Error {
  readonly code = 'too_many_stills';
}

/** Each holds a picture of up to 4 MB. */
export class TooManyDeviceStills extends Error {
  readonly code = 'too_many_device_stills';
}

/** A bound is reached; the client may come again. */
export class TooManyEventStreams extends Error {
  readonly code = 'too_many_event_streams';
}

export interface HttpError {
  status: number;
  code: string;
  message: string;
  details?: unknown;
  /** Seconds. */
  retryAfter?: number;
}

const statusOf: Readonly<Record<string, number>> = {
  sign_in_needed: 401,
  sign_in_failed: 401,
  not_allowed: 403,
  second_factor_needed: 403,
  person_not_found: 404,
  not_found: 404,
  invitation_not_valid: 404,
  already_set_up: 409,
  email_taken: 409,
  not_yourself: 409,
  another_person: 409,
  second_factor_required: 409,
  too_many_tokens: 409,
  password_not_accepted: 400,
  people_list_not_readable: 400,
  too_many_tries: 429,
  too_many_requests: 429,
  too_many_sign_ins: 503,
  audit_unavailable: 503,
  camera_not_found: 404,
  declared_in_future: 400,
  repair_not_found: 404,
  repair_open_already: 409,
  repair_closed: 409,
  repair_changed_meanwhile: 409,
  webhook_address_not_allowed: 400,
  lao_not_found: 404,
  budget_source_not_found: 404,
  site_not_found: 404,
  site_exists: 409,
  sites_of_two_laos: 400,
  list_changed_meanwhile: 409,
  day_too_far: 400,
  survey_round_not_found: 404,
  survey_return_not_found: 404,
  no_such_province: 404,
  survey_round_not_open: 409,
  survey_round_closed: 409,
  survey_cut_off_past: 400,
  survey_deadline_not_earlier: 409,
  survey_return_changed_meanwhile: 409,
  survey_evidence_missing: 409,
  survey_awaiting_classification: 409,
  survey_parts_missing: 409,
  survey_cameras_not_of_return: 400,
  survey_not_of_this_return: 409,
  survey_snapshot_as_registered: 409,
  survey_sent_on_already: 409,
  survey_signed_in_future: 400,
  survey_form_refused: 422,
  too_many_survey_forms: 503,
  lao_exists: 409,
  lao_plan_is_another: 409,
  lao_file_refused: 422,
  too_many_lao_files: 503,
  budget_source_exists: 409,
  lao_not_valid: 400,
  area_unknown: 400,
  not_as_read: 400,
  camera_changed_meanwhile: 409,
  camera_twice: 409,
  closed_area_never_linked: 400,
  closed_area_never_watched: 403,
  credentials_needed_again: 400,
  coordinates_not_whole: 400,
  stream_not_valid: 400,
  stream_address_not_valid: 400,
  no_stream_to_judge: 409,
  version_required: 428,
  nothing_recorded: 404,
  // The same address will have it later.
  not_stored_yet: 404,
  object_missing: 404,
  // Of the store's object less is left than was put there.
  object_corrupt: 502,
  several_clips: 409,
  too_many_clips: 409,
  clip_changed: 410,
  link_not_valid: 403,
  link_expired: 403,
  no_ffmpeg: 501,
  not_decodable: 404,
  picture_too_large: 404,
  too_many_stills: 503,
  hold_not_found: 404,
  another_person_needed: 409,
  not_shorter: 409,
  shorter_than_inventory: 409,
  shortening_pending: 409,
  shortening_not_found: 404,
  shortening_decided: 409,
  range_not_satisfiable: 416,
  object_store_full: 507,
  object_store_refused: 503,
  object_store_unavailable: 503,
  address_not_valid: 400,
  host_not_allowed: 403,
  origin_not_allowed: 403,
  constraint_violated: 409,
  database_unavailable: 503,
  disk_full: 507,
  not_ready: 503,
  too_many_event_streams: 503,
  too_many_exports: 503,
  too_many_connection_tests: 503,
  too_many_device_calls: 503,
  discovery_failed: 503,
  discovery_not_found: 404,
  too_many_discoveries: 503,
  too_many_device_stills: 503,
  no_snapshot_address: 409,
  device_address_not_allowed: 400,
  import_not_found: 404,
  import_not_ready: 409,
  import_has_refused_rows: 409,
  import_plan_is_another: 409,
  import_changes_nothing: 409,
  import_already_written: 409,
  too_many_imports: 503,
  too_many_inventory_exports: 503,
};

/** Fastify's own refusals, in our words. */
const ofFastify: Readonly<Record<string, { code: string; message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', message: 'the body is too large' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'content_type_not_json',
    message: 'send application/json',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'body_not_json', message: 'the body is not valid JSON' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'body_not_json', message: 'the body is empty' },
};

const RETRY_AFTER_SECONDS = 2;

/** The one place where an HTTP status is chosen for an error. What is not known becomes 500, without its message. */
export function httpErrorOf(error: unknown): HttpError {
  if (hasZodFastifySchemaValidationErrors(error)) return notValid(error.validation);
  if (!(error instanceof Error)) return internal;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const status = statusOf[code];
  if (status !== undefined) {
    return {
      status,
      code,
      message: error.message,
      ...('details' in error ? { details: error.details } : {}),
      ...(status === 503 ? { retryAfter: RETRY_AFTER_SECONDS } : {}),
      ...('retryAfterSeconds' in error && typeof error.retryAfterSeconds === 'number'
        ? { retryAfter: error.retryAfterSeconds }
        : {}),
    };
  }
  const fastifyStatus = (error as Partial<FastifyError>).statusCode;
  if (fastifyStatus === undefined || fastifyStatus < 400 || fastifyStatus > 499) return internal;
  const known = ofFastify[code] ?? { code: 'bad_request', message: 'the request is not valid' };
  return { status: fastifyStatus, ...known };
}

const internal: HttpError = {
  status: 500,
  code: 'internal_error',
  message: 'the gateway failed at this; its log says why',
};

function notValid(
  validation: readonly {
    instancePath: string;
    message?: string;
    params: Record<string, unknown>;
  }[],
): HttpError {
  const issues = validation.map(({ instancePath, message = 'not valid', params }) => ({
    path: instancePath === '/' ? '' : instancePath,
    code: codeOf(params),
    message,
  }));
  return {
    status: 400,
    code: issues.find(({ code }) => code !== 'not_valid')?.code ?? 'request_not_valid',
    message: issues
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      .join('; '),
    details: { issues },
  };
}

/** A rule that has a name of its own is called by it (camera.ts). */
function codeOf({ params }: Record<string, unknown>): string {
  const named =
    typeof params === 'object' && params !== null && 'code' in params ? params.code : undefined;
  return typeof named === 'string' ? named : 'not_valid';
}
