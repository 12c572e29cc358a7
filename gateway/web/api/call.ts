import * as z from 'zod/mini';

/**
 * The one way by which screens ask the gateway's API. Answers are checked where they enter; whatever goes wrong becomes an
 * ApiError with a code that the screens have words for (words/errors).
 */

// zod otherwise compiles its checks with `new Function`, which the page's Content-Security-Policy refuses.
z.config({ jitless: true });

/** After this the gateway counts as out of reach. Imports, tries of an address and exports have a longer bound of their own. */
const ANSWER_WITHIN_MS = 20_000;

export interface FieldIssue {
  /** As a JSON pointer: `/stream/url`. */
  path: string;
  code: string;
  message: string;
}

/** An answer that is not the one asked for. */
export class ApiError extends Error {
  /** The gateway's own, or `no_answer`, or `answer_not_understood`. */
  readonly code: string;
  /** Null when no answer came at all. */
  readonly status: number | null;
  readonly details: unknown;
  readonly retryAfterSeconds: number | null;
  constructor(
    code: string,
    message: string,
    given: {
      status?: number | null;
      details?: unknown;
      retryAfterSeconds?: number | null;
      cause?: unknown;
    } = {},
  ) {
    super(message, given.cause === undefined ? {} : { cause: given.cause });
    this.code = code;
    this.status = given.status ?? null;
    this.details = given.details;
    this.retryAfterSeconds = given.retryAfterSeconds ?? null;
  }

  /** Of a form that was refused: which fields, and by which rule. */
  get issues(): FieldIssue[] {
    return issuesOnWire.safeParse(this.details).data?.issues ?? [];
  }
}

const issuesOnWire = z.object({
  issues: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
});
const errorOnWire = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.optional(z.unknown()),
  }),
});

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  /** A file or text, sent as it is. */
  raw?: { content: Blob | string; type: string };
  /** A version: the change is refused when it is no longer the last one. */
  ifMatch?: string;
  signal?: AbortSignal | undefined;
  withinMs?: number;
}

export interface Answer<Value> {
  value: Value;
  /** Of what was read, to be sent back as `ifMatch`. */
  etag: string | null;
}

/** Told when an answer says that nobody is signed in (any more), or somebody else than the page was drawn for. */
let onSomebodyElse: () => void = () => {};

export function whenSomebodyElse(listener: () => void): void {
  onSomebodyElse = listener;
}

/** The account whose page this is: named with every question, because tabs of a browser share who is signed in. */
let drawnFor: string | null = null;

export function askAs(accountId: string | null): void {
  drawnFor = accountId;
}

/** Throws ApiError; an abort of the caller's passes through as it is. */
export async function call<Schema extends z.ZodMiniType>(
  schema: Schema,
  address: string,
  options: CallOptions = {},
): Promise<z.infer<Schema>> {
  return (await callWithEtag(schema, address, options)).value;
}

export async function callWithEtag<Schema extends z.ZodMiniType>(
  schema: Schema,
  address: string,
  options: CallOptions = {},
): Promise<Answer<z.infer<Schema>>> {
  const response = await ask(address, options);
  const parsed = schema.safeParse(response.status === 204 ? undefined : await jsonOf(response));
  if (!parsed.success) {
    throw new ApiError('answer_not_understood', `${address}: ${z.prettifyError(parsed.error)}`, {
      status: response.status,
      cause: parsed.error,
    });
  }
  return { value: parsed.data, etag: response.headers.get('etag') };
}

/** For what answers with nothing that is read: 204, mostly. */
export async function order(address: string, options: CallOptions): Promise<void> {
  await ask(address, options);
}

/** A file that is taken away, and what the gateway calls it (RFC 8187). */
export async function callForFile(
  address: string,
  options: CallOptions = {},
): Promise<{ content: Blob; fileName: string }> {
  const response = await ask(address, options);
  const named = /filename\*=UTF-8''([^;]+)/u.exec(
    response.headers.get('content-disposition') ?? '',
  );
  return { content: await response.blob(), fileName: decodeURIComponent(named?.[1] ?? '') };
}

async function ask(address: string, options: CallOptions): Promise<Response> {
  const { method = 'GET', body, raw, ifMatch, signal } = options;
  const within = AbortSignal.timeout(options.withinMs ?? ANSWER_WITHIN_MS);
  const headers = new Headers({ accept: 'application/json' });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (raw !== undefined) headers.set('content-type', raw.type);
  if (ifMatch !== undefined) headers.set('if-match', ifMatch);
  if (drawnFor !== null) headers.set('x-signed-in-as', drawnFor);
  let response: Response;
  try {
    response = await fetch(address, {
      method,
      headers,
      // Same origin: the session's cookie goes along, and the gateway sees by Origin whose page asks.
      credentials: 'same-origin',
      cache: 'no-store',
      signal: signal === undefined ? within : AbortSignal.any([signal, within]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(raw === undefined ? {} : { body: raw.content }),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new ApiError('no_answer', 'the gateway did not answer', { cause });
  }
  if (response.ok) return response;
  const error = errorOnWire.safeParse(await jsonOf(response)).data?.error;
  // A proxy says that nobody is behind it.
  if (error === undefined && proxyErrors.has(response.status)) {
    throw new ApiError('no_answer', 'the gateway did not answer', { status: response.status });
  }
  const code = error?.code ?? (response.status === 404 ? 'not_found' : 'answer_not_understood');
  if (code === 'sign_in_needed' || code === 'another_person') onSomebodyElse();
  throw new ApiError(code, error?.message ?? `the gateway answered ${response.status}`, {
    status: response.status,
    details: error?.details,
    retryAfterSeconds: Number(response.headers.get('retry-after')) || null,
  });
}

/** RFC 9110: bad gateway, service unavailable, gateway timeout. */
const proxyErrors = new Set([502, 503, 504]);

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch {
    return undefined;
  }
}

/** `?a=1&b=2`, without what is empty. */
export function queryOf(
  values: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
