/** Requests for every operation of our own OpenAPI, and whether what came back is what it promises. */
import * as fc from 'fast-check';
import * as z from 'zod';
import {
  hostileText,
  resolved,
  valueFor,
  type OpenApi,
  type Operation,
  type Schema,
} from './from-schema.ts';

export interface AnyRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  payload: string | undefined;
}

export interface Answer {
  statusCode: number;
  headers: Record<string, unknown>;
  body: string;
}

export interface NamedOperation {
  /** `get /api/v1/cameras/{id}` */
  name: string;
  path: string;
  method: string;
  operation: Operation;
}

export function operationsOf(document: OpenApi): NamedOperation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method} ${path}`,
      path,
      method,
      operation,
    })),
  );
}

/** `ids`: of things that are there, whoever's they are. */
export function requestsFor(
  { path, method, operation }: NamedOperation,
  document: OpenApi,
  ids: readonly string[],
): fc.Arbitrary<AnyRequest> {
  const id = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...ids) },
    { weight: 1, arbitrary: fc.uuid({ version: 7 }) },
    { weight: 1, arbitrary: hostileText },
  );
  const parameters = operation.parameters ?? [];
  const pathNames = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inPath = fc.record(Object.fromEntries(pathNames.map((name) => [name, id])));
  const query = fc.record(
    Object.fromEntries(
      parameters
        .filter((parameter) => parameter.in === 'query')
        .map(({ name, schema }) => [name, valueFor(schema, document)]),
    ),
    { requiredKeys: [] },
  );
  const json = operation.requestBody?.content['application/json']?.schema;
  const body =
    json === undefined
      ? fc.constant(undefined)
      : fc.oneof(
          { weight: 12, arbitrary: valueFor(json, document).map((value) => textOf(value)) },
          { weight: 1, arbitrary: fc.constantFrom('', '{', '[]', 'null', '"\ud800"', '{"a":1}{') },
        );
  const contentType = fc.oneof(
    { weight: 15, arbitrary: fc.constant('application/json') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'text/plain',
        'application/json; charset=utf-16',
        'x',
        'multipart/form-data',
      ),
    },
  );
  return fc
    .record({ inPath, query, body, contentType })
    .map(({ inPath: names, query: asked, body: payload, contentType: type }) => ({
      method: method.toUpperCase(),
      url:
        path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(names[name] ?? '')) +
        queryOf(asked),
      headers: payload === undefined ? {} : { 'content-type': type },
      payload,
    }));
}

/** One for all answers: its checker is made once. */
const ERROR: Schema = { $ref: '#/components/schemas/Error' };

/** What is wrong with the answer; undefined: it is as promised. */
export function broken(
  { name, operation }: NamedOperation,
  document: OpenApi,
  answer: Answer,
): string | undefined {
  const { statusCode } = answer;
  if (statusCode >= 500) return `${name} answered ${statusCode}`;
  const promised = operation.responses[String(statusCode)];
  if (statusCode < 300 && promised === undefined) {
    return `${name} answered ${statusCode}, which its description does not have`;
  }
  const schema =
    promised?.content?.['application/json']?.schema ?? (statusCode >= 400 ? ERROR : undefined);
  if (schema === undefined || resolved(schema, document).type === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(answer.body);
  } catch {
    return `${name} answered ${statusCode} with what is no JSON`;
  }
  const checked = checkerOf(schema, document).safeParse(json);
  if (checked.success) return undefined;
  return `${name} answered ${statusCode}, not as described: ${z.prettifyError(checked.error)}`;
}

/** No word of what the gateway is made of. */
export function leaks({ body }: Answer): string | undefined {
  return /node_modules|at \w+ \(|\.ts:\d|sqlite|kysely|postgres|SELECT |ENOENT|\/tmp\//i.exec(
    body,
  )?.[0];
}

const checkers = new WeakMap<object, z.ZodType>();

function checkerOf(schema: Schema, document: OpenApi): z.ZodType {
  if (typeof schema === 'boolean') return z.unknown();
  const known = checkers.get(schema);
  if (known !== undefined) return known;
  const whole = { ...schema, $defs: partsOf(schema, document) };
  const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/');
  const made = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
  checkers.set(schema, made);
  return made;
}

/** The components that a schema names, and those that they name in turn: all of them are a hundred for each that is looked at. */
function partsOf(schema: Schema, document: OpenApi): Record<string, Schema> {
  const parts: Record<string, Schema> = {};
  const named = [schema];
  for (let one = named.pop(); one !== undefined; one = named.pop()) {
    for (const [, name = ''] of JSON.stringify(one).matchAll(/#\/components\/schemas\/([^"]+)/g)) {
      const part = document.components.schemas[name];
      if (part === undefined || name in parts) continue;
      parts[name] = part;
      named.push(part);
    }
  }
  return parts;
}

function encoded(text: string): string {
  // A path that ends early is another path.
  return text === '' ? '%20' : encodeURIComponent(text.toWellFormed());
}

function queryOf(asked: Record<string, unknown>): string {
  const pairs = Object.entries(asked)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(queryText(value).toWellFormed())}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function queryText(value: unknown): string {
  return typeof value === 'string' ? value : textOf(value);
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
