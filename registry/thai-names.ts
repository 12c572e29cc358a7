/**
 * Names of places and agencies as people spell them, and whether two spellings are the same name. Two names match when
 * their keys are equal; nothing is guessed beyond what is written here.
 */

/** The kinds of local administration (อปท.), as the forms abbreviate them. Two are of a kind of their own. */
export const laoTypes = ['อบจ.', 'ทน.', 'ทม.', 'ทต.', 'อบต.', 'พิเศษ'] as const;
export type LaoType = (typeof laoTypes)[number];

/** Long forms first: เทศบาลเมือง must not be read as เทศบาล. Keys as `matchKey` makes them, without dots and blanks. */
const laoPrefixes: readonly [prefix: string, type: LaoType][] = [
  ['องค์การบริหารส่วนจังหวัด', 'อบจ.'],
  ['องค์การบริหารส่วนตำบล', 'อบต.'],
  ['เทศบาลนคร', 'ทน.'],
  ['เทศบาลเมือง', 'ทม.'],
  ['เทศบาลตำบล', 'ทต.'],
];
/** As abbreviations they want their dots, or a blank behind them: อบตอ… may begin a name. */
const laoAbbreviations: readonly [abbreviation: RegExp, type: LaoType][] = [
  [/^อ\.?\s*บ\.?\s*จ(?:\.\s*|\s+)/u, 'อบจ.'],
  [/^อ\.?\s*บ\.?\s*ต(?:\.\s*|\s+)/u, 'อบต.'],
  [/^ท\.?\s*น(?:\.\s*|\s+)/u, 'ทน.'],
  [/^ท\.?\s*ม(?:\.\s*|\s+)/u, 'ทม.'],
  [/^ท\.?\s*ต(?:\.\s*|\s+)/u, 'ทต.'],
];
/** The kinds alone, in each spelling, by `matchKey`: they name no LAO. */
export const laoTypeWords: ReadonlySet<string> = new Set([
  ...laoPrefixes.map(([prefix]) => prefix),
  ...laoPrefixes.map(([, type]) => type.replaceAll('.', '')),
]);
const specialLaos: ReadonlyMap<string, LaoType> = new Map([
  ['กรุงเทพมหานคร', 'พิเศษ'],
  ['เมืองพัทยา', 'พิเศษ'],
]);

/**
 * What two spellings of one text have in common: NFC, สระอำ in one piece, the tone behind a vowel above or below and before
 * สระอำ, two เ as แ, no blanks, dots or zero-width marks, Arabic digits, small Latin letters. Between two digits a dot or a blank stays: กม. 1.5 is not กม. 15, and
 * หมู่ 1 1 is not หมู่ 11.
 */
export function matchKey(text: string): string {
  const plain = spelled(text);
  if (!digitsApart.test(plain)) return plain.replace(/[\s.]+/gu, '');
  return plain.replace(/[\s.]+/gu, (between, at: number) => {
    const isInNumber = isDigit(plain[at - 1]) && isDigit(plain[at + between.length]);
    if (!isInNumber) return '';
    return between.includes('.') ? '.' : ' ';
  });
}

const digitsApart = /\d[\s.]+\d/u;

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

/** The type that an LAO's name begins with, and the name behind it; undefined where it begins with none. */
export function splitLaoName(name: string): { type: LaoType; rest: string } | undefined {
  const text = spelled(name).trim();
  const special = specialLaos.get(matchKey(text));
  if (special !== undefined) return { type: special, rest: matchKey(text) };
  for (const [abbreviation, type] of laoAbbreviations) {
    const match = abbreviation.exec(text);
    if (match !== null) return { type, rest: matchKey(text.slice(match[0].length)) };
  }
  const key = matchKey(text);
  for (const [prefix, type] of laoPrefixes) {
    if (key.startsWith(prefix) && key.length > prefix.length) {
      return { type, rest: key.slice(prefix.length) };
    }
  }
  return undefined;
}

/** Of an LAO's name, or of any agency's: ทต.ก, เทศบาลตำบล ก and เทศบาลตำบลก have one. */
export function agencyKey(name: string): string {
  const split = splitLaoName(name);
  return split === undefined ? matchKey(name) : `${split.type}${split.rest}`;
}

/** Of a province's name, with or without จังหวัด or จ. before it. */
export function provinceKey(name: string): string {
  return matchKey(
    spelled(name)
      .trim()
      .replace(/^(?:จังหวัด|จ\.)\s*/u, ''),
  );
}

/** Of a district's name, with or without อำเภอ, อ. or (in Bangkok) เขต before it. */
export function districtKey(name: string): string {
  return matchKey(
    spelled(name)
      .trim()
      .replace(/^(?:อำเภอ|อ\.|เขต)\s*/u, ''),
  );
}

/** For searching: like a key, but blanks stay, one between words. รพ.สต. is รพสต, and ซ. 5 is ซ5, as people type them. */
export function searchText(text: string): string {
  return withoutDots(spacedText(text));
}

/** With the dots of its abbreviations, and no blank behind them, where people type one or not (กม. 12). */
export function spacedText(text: string): string {
  return spelled(text).replace(/\s+/gu, ' ').replaceAll('. ', '.').trim();
}

/** But for those within a number: 1.5 is not 15. */
export function withoutDots(text: string): string {
  if (!text.includes('.')) return text;
  return text.replace(/\.+/gu, (dots, at: number) =>
    isDigit(text[at - 1]) && isDigit(text[at + dots.length]) ? '.' : '',
  );
}

/** Anything that a text may have besides plain Thai and small Latin letters, and that `spelled` looks at. */
const unplain =
  /[A-Z\u00a0\u00ad\u0e4d๐-๙]|เเ|[\u0e48-\u0e4b][\u0e31\u0e34-\u0e39]|\u0e33[\u0e48-\u0e4b]|[^\0-\u007f\u0e00-\u0e7f]/u;

function spelled(text: string): string {
  const composed = text.normalize('NFC');
  // Most texts of an inventory are plain, and it has millions.
  if (!unplain.test(composed)) return composed;
  return (
    composed
      // Unicode's NFC leaves these apart. A tone mark may have been typed between the two halves of สระอำ.
      .replace(/\u0e4d([\u0e48-\u0e4b]?)\u0e32/gu, '$1\u0e33')
      .replace(/([\u0e48-\u0e4b])\u0e4d\u0e32/gu, '$1\u0e33')
      // It looks the same on a screen: ท่ี for ที่, นำ้ for น้ำ.
      .replace(/([\u0e48-\u0e4b])([\u0e31\u0e34-\u0e39])/gu, '$2$1')
      .replace(/\u0e33([\u0e48-\u0e4b])/gu, '$1\u0e33')
      .replace(/เเ/gu, 'แ')
      .replace(/[\u200b-\u200d\u2060\ufeff\u00ad]/gu, '')
      .replace(/\u00a0/gu, ' ')
      .replace(/[๐-๙]/gu, (digit) => String(digit.charCodeAt(0) - 0x0e50))
      .toLowerCase()
  );
}
