import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';
import { deletedWords, gapWords } from './gap-words.ts';
import { at, type Lane, type LaneView } from './lane.ts';

const wordsOf: Record<Language, Words> = { th, en };

/** A camera of the page, when somebody wants its picture. */
export interface StillCamera {
  id: string;
  name: string;
  view: LaneView;
  /** Undefined: its timeline could not be read. */
  lane: Lane | undefined;
  mayDownload: boolean;
}

/** Of which cameras there is a picture at a moment, and of each other why there is none (pure). */
export function stillsAt(
  cameras: readonly StillCamera[],
  wallMs: number,
  language: Language,
): { taken: StillCamera[]; none: string[] } {
  const taken: StillCamera[] = [];
  const none: string[] = [];
  for (const camera of cameras) {
    const why = whyNone(camera, wallMs, language);
    if (why === undefined) taken.push(camera);
    else none.push(cameras.length > 1 ? `${camera.name}: ${why}` : why);
  }
  return { taken, none };
}

function whyNone(
  { view, lane, mayDownload }: StillCamera,
  wallMs: number,
  language: Language,
): string | undefined {
  const { footage } = wordsOf[language];
  if (!mayDownload) return footage.notDownloaded;
  switch (view) {
    case 'picture':
    // The server decodes it all the same.
    case 'unplayable':
      return undefined;
    case 'gap':
      return [footage.noPicture, emptyWords(lane, wallMs, language)].filter(Boolean).join(' · ');
    case 'loading':
      return footage.loading;
    case 'failed':
      return footage.failed;
    case 'unknown':
      return footage.notRead;
  }
}

/** Why there is no picture at a moment: whose cause it was, or by which rule it was deleted. Empty: nobody knows. */
export function emptyWords(lane: Lane | undefined, wallMs: number, language: Language): string {
  if (lane === undefined) return '';
  const gap = at(lane.gaps, wallMs);
  if (gap !== undefined) return gapWords(gap, language);
  const gone = at(lane.deletions, wallMs);
  return gone === undefined ? '' : deletedWords(gone, language);
}
