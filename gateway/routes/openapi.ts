import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { everybodysRoutes } from '../auth/route-rules.ts';
import { documentationPolicy } from '../security-headers.ts';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

type OpenApiDocument = ReturnType<typeof jsonSchemaTransformObject>;

/** `/api/v1/openapi.json` (OpenAPI 3.1) and a page to read it at `/api/docs`. Before the routes that it tells of. */
export function registerOpenApi(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CCTV linkage gateway',
        description:
          "Cameras of Thailand's local administrations: the registry and their live state.",
        version: '1',
      },
      // As seen from wherever it is read.
      servers: [{ url: '/' }],
    },
    transform: (route) => withExamples(route, jsonSchemaTransform(route)),
    transformObject: (document) => withTags(withoutUnused(jsonSchemaTransformObject(document))),
  });
  void app.register(async (scope) => {
    everybodysRoutes(scope);
    scope.addHook('onSend', async (_request, reply) => {
      void reply.header('Content-Security-Policy', documentationPolicy);
    });
    await scope.register(swaggerUi, { routePrefix: '/api/docs' });
    scope.get('/api/v1/openapi.json', { schema: { hide: true } }, async () => scope.swagger());
  });
}

type Transform = typeof jsonSchemaTransform;

/** Of a body that is transformed as it is read, zod leaves out the examples: they might be of what it becomes. Ours are of what is sent. */
function withExamples(
  { schema }: Parameters<Transform>[0],
  told: ReturnType<Transform>,
): ReturnType<Transform> {
  const examples = schema.body instanceof z.ZodType ? schema.body.meta()?.examples : undefined;
  const body: unknown = told.schema['body'];
  if (!Array.isArray(examples) || typeof body !== 'object' || body === null) return told;
  return { ...told, schema: { ...told.schema, body: { examples, ...body } } };
}

const etag = {
  description: 'for If-None-Match; where it begins with a version, for If-Match',
  schema: { type: 'string', examples: ['"3.bYQ5hkqkbJmZ8d1V"'] },
};

/** Whoever may answer that nothing has changed, or asks for a version, gives an ETag. */
function withTags(document: OpenApiDocument): OpenApiDocument {
  for (const operations of Object.values(document.paths ?? {})) {
    const listed: Operation[] = Object.values(operations);
    for (const { responses } of listed) {
      const told = responses?.['200'];
      if (told === undefined || (responses?.['304'] ?? responses?.['428']) === undefined) continue;
      told.headers = { ETag: etag, ...told.headers };
    }
  }
  return document;
}

interface Operation {
  responses?: Record<string, { headers?: Record<string, unknown> }>;
}

/** Every named schema comes out twice, as read and as written, and is mostly used as one of them. */
function withoutUnused(document: OpenApiDocument): OpenApiDocument {
  if (!('components' in document)) return document;
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  function visit(part: unknown): void {
    for (const [, name = ''] of JSON.stringify(part).matchAll(
      /"#\/components\/schemas\/([^"]+)"/g,
    )) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  }
  visit(document.paths ?? {});
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  // The cast picks the one of two OpenAPI versions that the spread has lost.
  return {
    ...document,
    components: { ...document.components, schemas: kept },
  } as OpenApiDocument;
}
