import { purposeLabels, purposes, type Purpose } from '../camera.ts';
import { matchKey } from '../thai-names.ts';
import type { Column } from './columns.ts';
import { purposesHeading } from './columns.ts';

const meanings: ReadonlyMap<string, Purpose> = new Map(
  purposes.flatMap((purpose): [string, Purpose][] => {
    const [number = '', ...rest] = purposeLabels[purpose].split(' ');
    const words = rest.join(' ');
    return [purposeLabels[purpose], number, words, words.replace(/^เพื่อ(?:การ)?/u, ''), purpose].map(
      (spelling) => [matchKey(spelling), purpose],
    );
  }),
);

/** Field ๓ in one column, as people make tables of their own: purposes by their words or numbers, with ; between. */
export const purposesInOneCell: Column = {
  key: 'purposes',
  heading: purposesHeading,
  aliases: [],
  required: false,
  width: 30,
  note: '',
  example: '',
  field: 'purposes',
  read(text) {
    const found = new Set<Purpose>();
    for (const part of text.split(/[;\n\r,/]/)) {
      if (part.trim() === '') continue;
      const purpose = meanings.get(matchKey(part));
      if (purpose === undefined) {
        return { problem: `ต้องเป็น ${Object.values(purposeLabels).join(' / ')} คั่นด้วย ;` };
      }
      found.add(purpose);
    }
    return { value: purposes.filter((purpose) => found.has(purpose)) };
  },
  write: (value) => (value as Purpose[]).map((purpose) => purposeLabels[purpose]).join('; '),
};
