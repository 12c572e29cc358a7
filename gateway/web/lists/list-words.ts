import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';

const wordsOf: Record<Language, Words> = { th, en };

/** Fields of rows of the lists, by their names in the API. */
export function listFieldLabel(field: string, language: Language): string {
  const { lists, area } = wordsOf[language];
  const labels: Record<string, string> = {
    name: lists.rowName,
    district: area.district,
    province: area.province,
    districtCode: lists.districtCode,
    code: lists.code,
    type: lists.type,
    reportingParent: lists.reports,
    status: lists.status,
    mergedInto: lists.mergedInto,
    networkZone: lists.zone,
    maxSessions: lists.maxSessions,
    maxSessionsPerBox: lists.maxSessionsPerBox,
    uplinkBitsPerSecond: lists.uplink,
  };
  return Object.hasOwn(labels, field) ? (labels[field] ?? field) : field;
}

/** A value in words; what is not there as a dash. */
export function listValueWords(field: string, value: unknown, language: Language): string {
  const { lists } = wordsOf[language];
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'number') {
    return field === 'uplinkBitsPerSecond' ? `${megabits(value)} Mbit/s` : String(value);
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  const words: Record<string, string> =
    field === 'status' ? lists.statuses : field === 'reportingParent' ? lists.parent : {};
  return Object.hasOwn(words, value) ? (words[value] ?? value) : value;
}

/** Of bit/s. */
export function megabits(bitsPerSecond: number): string {
  return String(bitsPerSecond / 1e6);
}
