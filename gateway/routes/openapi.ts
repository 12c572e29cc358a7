import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

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
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  void app.register(swaggerUi, { routePrefix: '/api/docs' });
  void app.register(async (scope) => {
    scope.get('/api/v1/openapi.json', { schema: { hide: true } }, async () => scope.swagger());
  });
}
