import type { Draft } from './draft.ts';

/** What a group of the form has of the whole. */
export interface FormPart {
  draft: Draft;
  /** What the draft is a change of; of a new camera, the empty form. */
  base: Draft;
  set: (part: Partial<Draft>) => void;
  /** What is wrong with a field, in words; undefined: nothing, or it was not looked at yet. */
  errorOf: (field: string) => string | undefined;
}
