/** Values for a JSON Schema of our OpenAPI: what fits, what nearly fits, and what somebody hostile would send. */
import * as fc from 'fast-check';

export type Schema = boolean | SchemaObject;

export interface SchemaObject {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  propertyNames?: Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  default?: unknown;
  examples?: unknown[];
  [more: string]: unknown;
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

export interface Operation {
  parameters?: {
    name: string;
    in: 'path' | 'query' | 'header';
    required?: boolean;
    schema: Schema;
  }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

const MAX_LENGTH = 60;
const MAX_ITEMS = 4;
const MAX_DEPTH = 6;

/** Text that has broken something somewhere. */
const hostileTexts = [
  '',
  ' ',
  '\u0000',
  'a\r\nSet-Cookie: session=stolen',
  '\u202egnp.exe',
  '\ud800',
  '../../../../etc/passwd',
  '%2e%2e%2f',
  '%00',
  '%',
  "' OR '1'='1' --",
  '"; DROP TABLE cameras; --',
  '${jndi:ldap://127.0.0.1/a}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '=cmd|calc!A0',
  '__proto__',
  'constructor',
  'ก'.repeat(300),
  'x'.repeat(10_000),
  'rtsp://a:b@169.254.169.254/latest',
  '00000000-0000-7000-8000-000000000000',
  '9'.repeat(400),
  '-1',
  '1e309',
  'NaN',
  'null',
  '[object Object]',
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: MAX_LENGTH }),
);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 53, {}, [], [[[[[[]]]]]]),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{}}}') as unknown),
);

/** About half of them fit the schema; of the rest, a part or a name here and there does not. */
export function valueFor(schema: Schema, document: OpenApi): fc.Arbitrary<unknown> {
  return fc.oneof(
    partFor(schema, { document, hostile: false }, 0),
    partFor(schema, { document, hostile: true }, 0),
  );
}

interface Making {
  document: OpenApi;
  hostile: boolean;
}

function partFor(schema: Schema, making: Making, depth: number): fc.Arbitrary<unknown> {
  const fit = fitting(schema, making, depth);
  if (!making.hostile) return fit;
  return fc.oneof({ weight: 12, arbitrary: fit }, { weight: 1, arbitrary: hostileValue });
}

export function resolved(schema: Schema, document: OpenApi): SchemaObject {
  if (typeof schema === 'boolean') return {};
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  if (name === undefined) return schema;
  return resolved(document.components.schemas[name] ?? {}, document);
}

/** The parts of a schema that take a key which they do not name; of itself: `body`. A record, whose keys are values, names them by its schema. */
export function openParts(given: Schema, document: OpenApi, path = 'body'): string[] {
  const schema = resolved(given, document);
  const { properties = {}, additionalProperties, items } = schema;
  const isOpen =
    schema.type === 'object' &&
    (additionalProperties === undefined || additionalProperties === true);
  const parts = [
    ...Object.entries(properties),
    ...(additionalProperties === undefined ? [] : [['*', additionalProperties] as const]),
    ...(items === undefined ? [] : [['[]', items] as const]),
    ...[schema.anyOf, schema.oneOf, schema.allOf].flatMap((some = []) =>
      some.map((one, index) => [`|${index}`, one] as const),
    ),
  ];
  return [
    ...(isOpen ? [path] : []),
    ...parts.flatMap(([name, part]) => openParts(part, document, `${path}.${name}`)),
  ];
}

function fitting(given: Schema, making: Making, depth: number): fc.Arbitrary<unknown> {
  const schema = resolved(given, making.document);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    return fc.oneof(...choices.map((choice) => partFor(choice, making, depth)));
  }
  if (Array.isArray(schema.type)) {
    return fc.oneof(...schema.type.map((type) => fitting({ ...schema, type }, making, depth)));
  }
  switch (schema.type) {
    case 'string':
      return textFor(schema, making);
    case 'integer':
    case 'number':
      return numberFor(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return depth > MAX_DEPTH
        ? fc.constant([])
        : fc.array(partFor(schema.items ?? {}, making, depth + 1), {
            minLength: Math.min(schema.minItems ?? 0, MAX_ITEMS),
            maxLength: Math.min(schema.maxItems ?? MAX_ITEMS, MAX_ITEMS),
          });
    case 'object':
      return depth > MAX_DEPTH ? fc.constant({}) : objectFor(schema, making, depth);
    default:
      return hostileValue;
  }
}

function objectFor(
  schema: SchemaObject,
  making: Making,
  depth: number,
): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, part]) => [
      name,
      partFor(part, making, depth + 1),
    ]),
  );
  const required = (schema.required ?? []).filter((name) => name in fields);
  const whole = fc.record(fields, { requiredKeys: required });
  const examples = (schema.examples ?? []).filter(
    (example): example is Record<string, unknown> => typeof example === 'object',
  );
  if (!making.hostile) {
    return examples.length > 0 ? fc.oneof(fc.constantFrom(...examples), whole) : whole;
  }
  const lacking = fc.record(fields, { requiredKeys: [] });
  const surplus = fc
    .tuple(whole, hostileText, hostileValue)
    .map(([record, name, value]) => ({ ...record, [name]: value }));
  const changedExample = examples.map((example) =>
    fc.record(fields, { requiredKeys: [] }).chain((changes) =>
      fc.subarray(Object.keys(changes).slice(0, 2)).map((names) => ({
        ...example,
        ...Object.fromEntries(names.map((name) => [name, changes[name]])),
      })),
    ),
  );
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 2, arbitrary: lacking },
    { weight: 1, arbitrary: surplus },
    ...changedExample.map((arbitrary) => ({ weight: 8, arbitrary })),
  );
}

function textFor(schema: SchemaObject, making: Making): fc.Arbitrary<string> {
  const { format, pattern, minLength = 0, maxLength } = schema;
  const length = Math.max(minLength, Math.min(maxLength ?? MAX_LENGTH, MAX_LENGTH));
  switch (format) {
    case 'uuid':
      return fc.uuid({ version: 7 });
    case 'date-time':
      return fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
        .map((date) => date.toISOString());
    case 'email':
      return fc.emailAddress();
    default:
  }
  const { examples = [] } = schema;
  if (!making.hostile && examples.length > 0) return fc.constantFrom(...(examples as string[]));
  // Lookarounds and the like: then any text will do.
  const matching = pattern === undefined || /\(\?/.test(pattern) ? undefined : new RegExp(pattern);
  if (matching !== undefined) return fc.stringMatching(matching, { maxLength: 200 });
  return fc.oneof(
    fc.string({ unit: 'grapheme', minLength: Math.min(minLength, length), maxLength: length }),
    fc.constantFrom('เทศบาลตำบล', 'กระบี่', 'เกาะลันตา', 'a'),
  );
}

function numberFor(schema: SchemaObject): fc.Arbitrary<number> {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const min = Math.max(minimum ?? -1e9, exclusiveMinimum ?? -1e9, -1e9);
  const max = Math.max(min, Math.min(maximum ?? 1e9, exclusiveMaximum ?? 1e9, 1e9));
  const edges = fc.constantFrom(min, max, min - 1, max + 1);
  const within =
    type === 'integer'
      ? fc.integer({ min: Math.ceil(min), max: Math.floor(max) })
      : fc.double({ min, max, noNaN: true });
  return fc.oneof({ weight: 5, arbitrary: within }, { weight: 1, arbitrary: edges });
}
