import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFragments,
  encodeFragments,
  FragmentIndexCorrupt,
  type Fragment,
} from '#storage/spool/fragment-index.ts';
import { readFragmentTime, writeFragmentTime } from '#storage/spool/fragment-time.ts';

const fragment = fc.record({
  byteLength: fc.integer({ min: 1, max: 40_000_000 }),
  startMs: fc.integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 }),
  decodeTicks: fc.integer({ min: 0, max: 2 ** 48 }),
  durationTicks: fc.integer({ min: 1, max: 90_000 * 60 }),
  independent: fc.boolean(),
});

describe('a fragment index', () => {
  it('reads as it was written, whatever the camera sent', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 200 }), fc.nat(70_000), (given, headBytes) => {
        let offset = headBytes;
        const fragments = given.map((each): Fragment => {
          const placed = { ...each, offset };
          offset += each.byteLength;
          return placed;
        });
        expect(decodeFragments(encodeFragments(fragments))).toEqual(fragments);
      }),
    );
  });

  it('takes about six bytes a part of an even camera', () => {
    const fragments = Array.from({ length: 120 }, (_, i): Fragment => ({
      offset: 1_000 + i * 125_000,
      byteLength: 125_000,
      startMs: 1_790_000_000_000 + i * 500,
      decodeTicks: i * 45_000,
      durationTicks: 45_000,
      independent: i % 4 === 0,
    }));
    expect(encodeFragments(fragments).length).toBeLessThan(120 * 9);
  });

  it('refuses bytes that are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          decodeFragments(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FragmentIndexCorrupt);
        }
      }),
    );
  });
});

it('a fragment tells its time to the ms, also beyond the NTP era that ends in 2036', () => {
  const bytes = Buffer.alloc(32);
  fc.assert(
    fc.property(
      fc.integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 }),
      fc.integer({ min: -86_400_000, max: 86_400_000 }),
      (startMs, away) => {
        writeFragmentTime(bytes, startMs, 2 ** 40 + 7);
        expect(readFragmentTime(bytes, 0, startMs + away)).toBe(startMs);
      },
    ),
  );
});
