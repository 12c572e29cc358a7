import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asyncApi } from '#registry/events/asyncapi.ts';
import { cameraEvent } from '#registry/events/camera-event.ts';

const file: unknown = JSON.parse(
  readFileSync(new URL('../../../registry/events/asyncapi.json', import.meta.url), 'utf8'),
);

test('what others read of the topics is what is sent (else: npm run asyncapi)', () => {
  expect(file).toEqual(JSON.parse(JSON.stringify(asyncApi())));
});

test('its example is an event', () => {
  const { components } = file as {
    components: { messages: { CameraEvent: { examples: { payload: unknown }[] } } };
  };
  const [example] = components.messages.CameraEvent.examples;
  expect(cameraEvent.safeParse(example?.payload).success).toBe(true);
});
