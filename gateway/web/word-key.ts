import type { Words } from './words/th.ts';

/**
 * Every key of the words, as `menu.wall`. i18next has types for this too, which take the compiler minutes for some hundred
 * keys.
 */
export type WordKey = KeyOf<Words>;

type KeyOf<Tree> = {
  [Name in keyof Tree & string]: Tree[Name] extends string ? Name : `${Name}.${KeyOf<Tree[Name]>}`;
}[keyof Tree & string];
