/**
 * What one process does at a time, of all that share a database. It has the turn for as long as it lives and reaches the
 * database; when it ends, however it does, another has it.
 */
export interface Turn {
  readonly state: TurnState;
  /** Gives it to the next one, and asks for it no more. */
  release(): Promise<void>;
}

/**
 * `ours`: nobody else has it. `others`: another process has it. `lost`: it was ours, and the database does not answer: another
 * may have it by now.
 */
export type TurnState = 'ours' | 'others' | 'lost';

/** Told of each change of state after the first answer. */
export type TurnListener = (state: TurnState) => void;
