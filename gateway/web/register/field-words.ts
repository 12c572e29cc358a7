import type { Language } from '../language-name.ts';
import { declaredWords, purposeWords, scopeWords } from '../state-words.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';

const wordsOf: Record<Language, Words> = { th, en };

/** A field's name on the form, by its name in the API; `stream.url` and its like for parts of a stream. */
export function fieldLabel(field: string, language: Language): string {
  const words = wordsOf[language];
  const labels: Record<string, string> = {
    ...words.field,
    model: words.form.model,
    latitude: words.form.latitude,
    longitude: words.form.longitude,
    declaredReason: words.form.declaredReason,
    site: words.form.site,
    stream: words.form.stream,
    url: words.form.url,
    subUrl: words.form.subUrl,
    snapshotUrl: words.form.snapshotUrl,
    username: words.form.username,
    password: words.form.password,
    secret: words.form.secret,
    transport: words.form.transport,
    tls: words.form.tls,
    verify: words.form.verify,
    sound: words.form.sound,
    record: words.form.record,
  };
  const name = field.replace(/^stream\./u, '');
  return Object.hasOwn(labels, name) ? (labels[name] ?? field) : field;
}

/** A value of a field in words; what is not there as a dash. */
export function fieldValueWords(field: string, value: unknown, language: Language): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? wordsOf[language].yes : wordsOf[language].no;
  if (typeof value === 'number') return value.toLocaleString(language, { useGrouping: false });
  if (Array.isArray(value)) {
    if (value.length === 0) return '–';
    return value
      .map((item) => (field === 'purposes' ? purposeWords(String(item), language) : String(item)))
      .join(', ');
  }
  if (typeof value === 'string') {
    // Never the secret itself; of secrets a history has one word.
    if (/^(stream\.)?(password|secret)$/u.test(field)) return wordsOf[language].form.isSet;
    if (field === 'verify' && value === 'system') return wordsOf[language].form.verifySystem;
    if (field === 'declared') return declaredWords(value, language);
    if (field === 'scope') return scopeWords(value, language);
    return value;
  }
  if (field === 'lao') {
    const { name, district, province } = value as Record<string, unknown>;
    return [name, district, province].filter((part) => typeof part === 'string').join(' · ');
  }
  return Object.entries(value)
    .filter(([, part]) => part !== null && typeof part !== 'object')
    .map(
      ([name, part]) => `${fieldLabel(name, language)}: ${fieldValueWords(name, part, language)}`,
    )
    .join('\n');
}
