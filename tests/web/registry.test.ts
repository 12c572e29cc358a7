import { describe, expect, test } from 'vitest';
import {
  camera as registryCamera,
  declarations,
  inventoryFields,
  newCamera,
  purposeLabels,
  scopes,
} from '#registry/camera.ts';
import { registeredOnWire } from '#gateway/web/api/cameras.ts';
import { cameraOnWire } from '#gateway/web/wire.ts';
import { th } from '#gateway/web/words/th.ts';
import { krabiCamera } from '#tests/registry/krabi-camera.ts';

describe('the screens and the registry', () => {
  test('name the 11 fields and the purposes alike, letter for letter', () => {
    for (const { field, thaiLabel } of inventoryFields) expect(th.field[field]).toBe(thaiLabel);
    expect(th.purpose).toEqual(purposeLabels);
  });

  test('know the same declared conditions and scopes', () => {
    expect(Object.keys(th.declared)).toEqual([...declarations]);
    expect(Object.keys(th.scope)).toEqual([...scopes]);
  });

  test('a camera of the registry is read whole by the screens', () => {
    const told = {
      ...newCamera.parse(krabiCamera()),
      id: '01937c3e-7b1a-7c3e-8b1a-0123456789ab',
      stream: null,
      model: null,
      declaredReason: null,
      declaredAt: '2026-11-25T08:00:00.000Z',
      version: 1,
      createdAt: '2026-11-25T08:00:00.000Z',
      updatedAt: '2026-11-25T08:00:00.000Z',
      scopeAttested: null,
    };
    expect(registryCamera.safeParse(told).error).toBeUndefined();
    expect(cameraOnWire.parse(told).position).toBe(told.position);
    expect(registeredOnWire.parse(told).version).toBe(1);
  });
});
