import type { Random } from '../simulator/seeded-random.ts';

/** Inputs of the mutator are at most so long: parsers of streams see many packets, not endless ones. */
const MAX_INPUT_BYTES = 8 * 1024;
/** Mutations of one input, at most. */
const MAX_STEPS = 6;
/** Bytes that mean something in one of the formats. */
const TELLING = [
  0, 1, 2, 3, 0x0a, 0x0d, 0x20, 0x22, 0x24, 0x2c, 0x3b, 0x3d, 0x40, 0x7f, 0x80, 0xff,
];

/** A seed with a few changes, or two seeds joined, or noise; the same for the same random sequence. */
export function mutate(seeds: readonly Buffer[], random: Random): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = (): Buffer => seeds[below(seeds.length)] ?? Buffer.alloc(0);
  if (seeds.length === 0 || random() < 0.02) return noise(below(200), below);
  let input = Buffer.from(pick());
  const steps = 1 + below(MAX_STEPS);
  for (let step = 0; step < steps; step++) input = change(input, pick, below);
  return input.length > MAX_INPUT_BYTES ? input.subarray(0, MAX_INPUT_BYTES) : input;
}

function change(
  input: Buffer<ArrayBuffer>,
  pick: () => Buffer,
  below: (limit: number) => number,
): Buffer<ArrayBuffer> {
  const at = below(input.length + 1);
  switch (below(9)) {
    case 0: // one bit
      if (at < input.length) input[at] = (input[at] as number) ^ (1 << below(8));
      return input;
    case 1:
      if (at < input.length) input[at] = below(256);
      return input;
    case 2:
      if (at < input.length) input[at] = TELLING[below(TELLING.length)] as number;
      return input;
    case 3: // cut short
      return input.subarray(0, at);
    case 4: // a piece left out
      return Buffer.concat([input.subarray(0, at), input.subarray(at + 1 + below(16))]);
    case 5: // noise in between
      return Buffer.concat([
        input.subarray(0, at),
        noise(1 + below(16), below),
        input.subarray(at),
      ]);
    case 6: {
      // A piece twice.
      const end = Math.min(input.length, at + 1 + below(64));
      return Buffer.concat([input.subarray(0, end), input.subarray(at)]);
    }
    case 7: {
      // The end of another seed.
      const other = pick();
      return Buffer.concat([input.subarray(0, at), other.subarray(below(other.length + 1))]);
    }
    default: {
      // A number, 16 bits, small or as large as can be.
      if (at + 2 <= input.length) {
        input.writeUInt16BE(
          [0, 1, 0x7fff, 0x8000, 0xffff, input.length & 0xffff][below(6)] as number,
          at,
        );
      }
      return input;
    }
  }
}

function noise(length: number, below: (limit: number) => number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = below(256);
  return bytes;
}
