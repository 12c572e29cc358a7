import * as z from 'zod';
import { cameraEvent } from './camera-event.ts';
import { topics } from './event-bus.ts';
import { observedCondition } from './observed-state.ts';

/** As the applier writes it. */
const deadLetter = z.object({
  place: z.string().meta({ description: 'topic, partition and offset of the message' }),
  reason: z.string(),
  atMs: z.int(),
  value: z.string().meta({ description: 'the message, up to 64 KB of it' }),
});

const key = {
  type: 'string',
  format: 'uuid',
  description: "the camera's id: its messages keep their order",
};

/** The topics for others, as AsyncAPI 3.0; `asyncapi.json` is this (`npm run asyncapi`). */
export function asyncApi(): Record<string, unknown> {
  return {
    asyncapi: '3.0.0',
    info: {
      title: "Events of cameras' condition",
      version: '1.0.0',
      description:
        'Told at least once, in order for each camera: know an event by `eventId`, and let no lower (epoch, sequence) overwrite a higher one. ' +
        'Times are Unix milliseconds, UTC. `unknown` is what the gateway does not know: no fault of the camera. ' +
        'An event with `measured.collapsed` stands for so many transitions, which are not known one by one.',
    },
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        variables: { brokers: { description: 'KAFKA_BROKERS' } },
      },
    },
    defaultContentType: 'application/json',
    channels: {
      events: channel(
        topics.events,
        'CameraEvent',
        'Each transition of each camera; kept for ever.',
      ),
      states: channel(
        topics.states,
        'CameraState',
        'What is seen of a camera now; compacted: the latest per camera.',
      ),
      deadLetters: channel(
        topics.deadLetters,
        'DeadLetter',
        'Messages of the first topic that could not be read or kept, and why.',
      ),
    },
    operations: {
      sendEvents: { action: 'send', channel: { $ref: '#/channels/events' } },
      sendStates: { action: 'send', channel: { $ref: '#/channels/states' } },
      sendDeadLetters: { action: 'send', channel: { $ref: '#/channels/deadLetters' } },
    },
    components: {
      messages: {
        CameraEvent: {
          payload: schemaOf(cameraEvent),
          bindings: { kafka: { key } },
          examples: [
            {
              payload: {
                eventId: '019ab3c8-1c2d-7000-8000-5f0e1d2c3b4a',
                cameraId: '019ab000-0000-7000-8000-000000000001',
                epoch: 7,
                sequence: 3,
                atMs: 1_795_600_000_000,
                state: 'degraded',
                previous: 'up',
                reason: 'low-frame-rate',
                measured: { frameRate: 4.8 },
                worker: 'gateway-1/worker-0',
              },
            },
          ],
        },
        CameraState: { payload: schemaOf(observedCondition), bindings: { kafka: { key } } },
        DeadLetter: { payload: schemaOf(deadLetter) },
      },
    },
  };
}

function channel(address: string, message: string, description: string): object {
  return {
    address,
    description,
    messages: { [message]: { $ref: `#/components/messages/${message}` } },
  };
}

function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7' });
  return rest;
}
