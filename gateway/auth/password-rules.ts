/**
 * What a new password must be, after OWASP ASVS 5 (V6.2): long enough, and none that is tried first. No rule about its
 * letters, digits or signs, and no expiry.
 */
export const MIN_PASSWORD_LENGTH = 12;
/** Far above what anybody types; argon2 would take any length, and the time for it. */
export const MAX_PASSWORD_LENGTH = 200;

export type PasswordFault = 'too-short' | 'too-long' | 'common' | 'own-name';

/** Undefined: it will do. `own`: the person's name and e-mail, which must not be it. */
export async function passwordFault(
  password: string,
  own: readonly string[],
): Promise<PasswordFault | undefined> {
  // Code points: a Thai letter and its vowel sign count as two, an emoji as one.
  const length = Array.from(password.normalize('NFC')).length;
  if (length < MIN_PASSWORD_LENGTH) return 'too-short';
  if (length > MAX_PASSWORD_LENGTH) return 'too-long';
  const bare = bareOf(password);
  const words = await common();
  if (words.has(bare) || isOneTwice(bare, words)) return 'common';
  const names = [...productNames, ...own.flatMap(partsOf)];
  if (names.some((name) => bare.length - name.length < MIN_BESIDE_NAME && bare.includes(name))) {
    return 'own-name';
  }
  return undefined;
}

/** Letters beside a name that make it another word. */
const MIN_BESIDE_NAME = 5;
/** Names shorter than this are within too many words. */
const MIN_NAME_LENGTH = 5;
const productNames = ['cctvlinkage', 'cctvgateway', 'กล้องวงจรปิด'];

/** `Passw0rd!!!!` is `password` with what people put around it. */
function bareOf(password: string): string {
  return password
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]/gu, '')
    .replace(/(?<=\p{L})\p{N}{1,6}$/u, '');
}

/** `password1234password` and `aaaaaaaaaaaa`: a short common word again and again. */
function isOneTwice(bare: string, words: ReadonlySet<string>): boolean {
  const once = /^(.+?)\1+$/su.exec(bare)?.[1];
  return once !== undefined && (once.length < 4 || words.has(once));
}

function partsOf(own: string): string[] {
  const whole = bareOf(own);
  const parts = [own.replace(/@.*$/, ''), ...own.split(/[\s@.]+/)].map(bareOf);
  return [whole, ...parts].filter((part) => part.length >= MIN_NAME_LENGTH);
}

let commonWords: ReadonlySet<string> | undefined;

/** 49,000 of them, loaded when the first password is chosen: they take 6 MB. */
async function common(): Promise<ReadonlySet<string>> {
  if (commonWords === undefined) {
    const { dictionary } = await import('@zxcvbn-ts/language-common');
    commonWords = new Set(dictionary['passwords-common']);
  }
  return commonWords;
}
