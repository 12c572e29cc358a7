import { describe, expect, it } from 'vitest';
import { cameraEvent, isNewer } from '#registry/events/camera-event.ts';
import { observe } from '#registry/events/observed-state.ts';
import { anEvent } from './an-event.ts';

describe('the schema of a camera event', () => {
  it('takes what a gateway makes', () => {
    const event = anEvent({
      state: 'degraded',
      reason: 'frozen-picture',
      measured: { flapping: true },
    });
    expect(cameraEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
  });

  it.each([
    ['a reason that is none of its state', { state: 'up', reason: 'silent' }],
    ['damage without a reason', { state: 'down', reason: null }],
    ['an id that is no UUIDv7', { eventId: 'd9428888-122b-41e1-b85e-61d5e5e5e5e5' }],
    ['a sequence before the first', { sequence: 0 }],
    ['a time that is none', { atMs: -1 }],
    ['a field that it does not know', { stat: 'up' }],
    ['what PostgreSQL cannot keep', { worker: 'a\0b' }],
    ['a figure that is an object', { measured: { rate: {} } }],
    [
      'more figures than one would read',
      { measured: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, i])) },
    ],
  ])('refuses %s', (_, fault) => {
    expect(cameraEvent.safeParse({ ...anEvent(), ...fault }).success).toBe(false);
  });

  it('lets a camera be unknown without a reason: nobody has looked yet', () => {
    expect(cameraEvent.safeParse(anEvent({ state: 'unknown', reason: null })).success).toBe(true);
  });
});

describe('of two events of a camera', () => {
  it('the one of the later epoch is newer, whatever their times', () => {
    const zombie = anEvent({ epoch: 1, sequence: 99, atMs: 2_000 });
    const after = anEvent({ epoch: 2, sequence: 1, atMs: 1_000 });
    expect(isNewer(after, zombie)).toBe(true);
    expect(isNewer(zombie, after)).toBe(false);
    expect(observe(observe(undefined, after), zombie).eventId).toBe(after.eventId);
  });

  it('an event is not newer than itself', () => {
    const event = anEvent();
    const present = observe(undefined, event);
    expect(observe(present, event)).toBe(present);
  });
});

it('a state lasts since it began, though its reason changes', () => {
  const frozen = anEvent({ state: 'degraded', reason: 'frozen-picture', sequence: 1, atMs: 1_000 });
  const black = anEvent({ state: 'degraded', reason: 'black-picture', sequence: 2, atMs: 5_000 });
  const up = anEvent({ state: 'up', sequence: 3, atMs: 9_000, measured: { flapping: true } });
  const present = [frozen, black].reduce(observe, undefined as never);
  expect(present).toMatchObject({
    reason: 'black-picture',
    sinceMs: 1_000,
    atMs: 5_000,
    flapping: false,
  });
  expect(observe(present, up)).toMatchObject({
    state: 'up',
    reason: null,
    sinceMs: 9_000,
    flapping: true,
  });
});
