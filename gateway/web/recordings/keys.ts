/** What each key does on the screen of recordings; the help panel is made of the same table. */
export const keyTable = [
  { act: 'playPause', keys: [' ', 'k'], shown: 'Space' },
  { act: 'back', keys: ['ArrowLeft'], shown: '←' },
  { act: 'forward', keys: ['ArrowRight'], shown: '→' },
  { act: 'backMinute', keys: ['shift+ArrowLeft'], shown: 'Shift ←' },
  { act: 'forwardMinute', keys: ['shift+ArrowRight'], shown: 'Shift →' },
  { act: 'pictureBack', keys: [','], shown: ',' },
  { act: 'pictureForward', keys: ['.'], shown: '.' },
  { act: 'slower', keys: ['['], shown: '[' },
  { act: 'faster', keys: [']'], shown: ']' },
  { act: 'previousStretch', keys: ['p'], shown: 'P' },
  { act: 'nextStretch', keys: ['n'], shown: 'N' },
  { act: 'dayStart', keys: ['Home'], shown: 'Home' },
  { act: 'dayEnd', keys: ['End'], shown: 'End' },
  { act: 'previousDay', keys: ['PageUp'], shown: 'PageUp' },
  { act: 'nextDay', keys: ['PageDown'], shown: 'PageDown' },
  { act: 'goTo', keys: ['g'], shown: 'G' },
  { act: 'closer', keys: ['+', '='], shown: '+' },
  { act: 'further', keys: ['-'], shown: '−' },
  { act: 'selectFrom', keys: ['i'], shown: 'I' },
  { act: 'selectTo', keys: ['o'], shown: 'O' },
  { act: 'clearSelection', keys: ['Escape'], shown: 'Esc' },
  { act: 'hold', keys: ['h'], shown: 'H' },
  { act: 'clip', keys: ['c'], shown: 'C' },
  { act: 'still', keys: ['s'], shown: 'S' },
  { act: 'help', keys: ['?'], shown: '?' },
] as const;

export type KeyAct = (typeof keyTable)[number]['act'];

const acts = new Map<string, KeyAct>(
  keyTable.flatMap(({ act, keys }) => keys.map((key): [string, KeyAct] => [key, act])),
);

/** Keys of a Thai keyboard by where they lie, for letters and signs: an officer need not change the language. */
const byPlace: Readonly<Record<string, string>> = {
  KeyK: 'k',
  KeyP: 'p',
  KeyN: 'n',
  KeyI: 'i',
  KeyO: 'o',
  KeyG: 'g',
  KeyH: 'h',
  KeyC: 'c',
  KeyS: 's',
  Comma: ',',
  Period: '.',
  BracketLeft: '[',
  BracketRight: ']',
  Minus: '-',
  Equal: '=',
};

export function keyAct(event: {
  key: string;
  code: string;
  shiftKey: boolean;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}): KeyAct | undefined {
  if (event.altKey || event.ctrlKey || event.metaKey) return undefined;
  if (event.shiftKey) {
    return (
      acts.get(`shift+${event.key}`) ?? (event.code === 'Slash' ? 'help' : acts.get(event.key))
    );
  }
  const place = byPlace[event.code];
  return acts.get(event.key) ?? (place === undefined ? undefined : acts.get(place));
}
