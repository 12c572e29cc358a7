import { describe, expect, test } from 'vitest';
import { unsavedNotes } from '#gateway/web/survey/typed-notes.ts';
import { versionState } from '#gateway/web/survey/version-state.ts';

/** A return of which each version is as `states` say, in their order. */
const returnOf = (...states: string[]): Parameters<typeof versionState>[1] => ({
  version: states.length,
  versions: states.map((state, index) => ({ ...emptyVersion, version: index + 1, state })),
});
const emptyVersion = {
  source: 'registry',
  madeAt: '2026-11-25T09:00:00Z',
  madeBy: { id: 'p', name: 'ผู้ทำ', proxyFor: null },
  correctionReason: null,
  signature: null,
  submittedAt: null,
  submittedBy: null,
  incompleteReason: null,
  decidedAt: null,
  decidedBy: null,
  reason: null,
  retaken: null,
};
const statesShown = (of: ReturnType<typeof returnOf>): string[] =>
  of.versions.map((one) => versionState(one, of));

describe('a version of a return', () => {
  test('keeps its own state, and one that was never decided is replaced by the next', () => {
    expect(statesShown(returnOf('submitted', 'sent-back', 'accepted'))).toEqual([
      'replaced',
      'sent-back',
      'accepted',
    ]);
  });

  test('that was accepted stands until its correction is accepted', () => {
    expect(statesShown(returnOf('accepted', 'submitted'))).toEqual(['accepted', 'submitted']);
    expect(statesShown(returnOf('accepted', 'accepted'))).toEqual(['replaced', 'accepted']);
  });
});

test('notes that are typed and not saved are those that differ, one that was emptied too', () => {
  const row = { ordinal: 1, district: '', lao: '', total: 1, working: 1, underRepair: 0 };
  const rows = ['ก', 'ข', 'ค'].map((budgetSource) => ({
    ...row,
    unrepairable: 0,
    awaiting: 0,
    budgetSource,
    note: 'เดิม',
  }));
  expect(unsavedNotes(rows, { ก: 'ใหม่', ข: 'เดิม ', ค: '' })).toEqual([
    { budgetSource: 'ก', note: 'ใหม่' },
    { budgetSource: 'ค', note: '' },
  ]);
});
