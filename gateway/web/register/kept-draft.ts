import type { Draft } from './draft.ts';

/** What somebody was typing when their session ended. */
export interface KeptDraft {
  personId: string;
  /** Of the form: `#/register/:id/edit`, `#/new`. */
  address: string;
  /** What the draft is a change of. */
  base: { version: number; draft: Draft };
  draft: Draft;
}

/** In this tab's memory and nowhere else: there may be a camera's password in it. */
let kept: KeptDraft | undefined;

export function keepDraft(draft: KeptDraft): void {
  kept = draft;
}

/** Once, and only for whoever typed it. */
export function takeDraft(personId: string, address: string): KeptDraft | undefined {
  const found = kept;
  kept = undefined;
  return found?.personId === personId && found.address === address ? found : undefined;
}
