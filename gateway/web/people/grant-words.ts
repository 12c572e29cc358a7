import type { Area, Grant } from '../api/areas.ts';
import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';

const wordsOf: Record<Language, Words> = { th, en };

/** The roles, in the order in which they are offered; and the levels of the areas that each is given for (gateway/auth/actor.ts). */
export const roleLevels = {
  owner: ['lao'],
  district: ['district'],
  province: ['province'],
  dla: ['country'],
  operator: ['country', 'province', 'district', 'lao'],
  investigator: ['country', 'province', 'district', 'lao'],
  approver: ['country', 'province', 'district', 'lao'],
  auditor: ['country'],
  administrator: ['country', 'province', 'district', 'lao'],
} as const satisfies Record<keyof Words['role'], readonly Area['level'][]>;
export type RoleName = keyof typeof roleLevels;

/** A role of a newer gateway is shown by its name. */
export function roleWords(role: string, language: Language): string {
  const words: Record<string, string> = wordsOf[language].role;
  return Object.hasOwn(words, role) ? (words[role] ?? role) : role;
}

export function areaWords(area: Area, language: Language): string {
  const words = wordsOf[language];
  switch (area.level) {
    case 'country':
      return words.area.country;
    case 'province':
      return `${words.area.provinceShort}${area.province}`;
    case 'district':
      return `${words.area.districtShort}${area.district} ${words.area.provinceShort}${area.province}`;
    case 'lao':
      return `${area.lao} ${words.area.districtShort}${area.district} ${words.area.provinceShort}${area.province}`;
  }
}

export function grantWords({ role, area }: Grant, language: Language): string {
  return `${roleWords(role, language)} · ${areaWords(area, language)}`;
}
