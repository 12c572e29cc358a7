/** `npm run asyncapi`: writes registry/events/asyncapi.json anew. */
import { writeFileSync } from 'node:fs';
import { asyncApi } from '#registry/events/asyncapi.ts';

writeFileSync(
  new URL('../../../registry/events/asyncapi.json', import.meta.url),
  `${JSON.stringify(asyncApi(), null, 2)}\n`,
);
