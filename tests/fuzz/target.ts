/** One parser under fuzzing. Targets stand in `targets/`, one file for each part of ingest. */
export interface FuzzTarget {
  /** Also the folder of its fixtures. */
  name: string;
  /** Lawful or nearly lawful inputs; mutations start from them. */
  seeds: readonly Buffer[];
  /**
   * Feeds one input. Returns whether the parser made something of it. Throws only on a finding: an error that is not
   * one of ingest's own, or an invariant that does not hold.
   */
  run: (input: Buffer) => boolean;
}

/** Runs it; true when it ended, false when it threw one of these coded errors. Any other error goes on. */
export function accepts(
  run: () => void,
  // oxlint-disable-next-line typescript/no-explicit-any -- constructors of any arguments
  ...coded: readonly (abstract new (...args: any[]) => Error)[]
): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (coded.some((kind) => error instanceof kind)) return false;
    throw error;
  }
}

/** A broken invariant, said so that it can be understood without a debugger. */
export function mustHold(condition: boolean, what: string): void {
  if (!condition) throw new Error(`does not hold: ${what}`);
}
