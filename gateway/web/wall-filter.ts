import type { Camera, LiveState, LiveStateName } from './wire.ts';

/** Which tiles the wall shows. An empty search, a null province, LAO and state leave everything in. */
export interface WallFilter {
  search: string;
  province: string | null;
  /** `laoKey` of the chosen LAO. */
  lao: string | null;
  state: LiveStateName | null;
}

export const everyCamera: WallFilter = { search: '', province: null, lao: null, state: null };

/** Every word of the search must occur in the camera's position, LAO, district, province or owner, or be its id. Keeps the order. */
export function filterWall(
  cameras: readonly Camera[],
  live: ReadonlyMap<string, LiveState>,
  filter: WallFilter,
): Camera[] {
  const words = foldForSearch(filter.search).split(' ').filter(Boolean);
  return cameras.filter((camera) => {
    if (filter.province !== null && camera.lao.province !== filter.province) return false;
    if (filter.lao !== null && laoKey(camera) !== filter.lao) return false;
    if (filter.state !== null && stateOf(live, camera.id) !== filter.state) return false;
    if (words.length === 0) return true;
    const text = foldForSearch(
      [
        camera.position,
        camera.lao.name,
        camera.lao.district,
        camera.lao.province,
        camera.owningAgency,
      ].join(' '),
    );
    // A digit is in most ids by chance.
    return words.every((word) => text.includes(word) || word === camera.id);
  });
}

/** The state of a camera that no event has spoken of yet counts as not linked. */
export function stateOf(live: ReadonlyMap<string, LiveState>, cameraId: string): LiveStateName {
  return live.get(cameraId)?.state ?? 'not-linked';
}

export type WallCounts = Record<LiveStateName | 'all', number>;

export function countStates(
  cameras: readonly Camera[],
  live: ReadonlyMap<string, LiveState>,
): WallCounts {
  const counts: WallCounts = {
    all: cameras.length,
    up: 0,
    connecting: 0,
    down: 0,
    'not-linked': 0,
  };
  for (const camera of cameras) counts[stateOf(live, camera.id)] += 1;
  return counts;
}

/** Names of LAOs repeat between provinces (อบต.คลองยาง is not alone), so the key holds all three. */
export function laoKey(camera: Camera): string {
  return `${camera.lao.province}/${camera.lao.district}/${camera.lao.name}`;
}

export interface LaoChoice {
  key: string;
  name: string;
  district: string;
  province: string;
  cameras: number;
}

/** Each LAO once, in Thai order. */
export function laoChoices(cameras: readonly Camera[]): LaoChoice[] {
  const choices = new Map<string, LaoChoice>();
  for (const camera of cameras) {
    const key = laoKey(camera);
    const choice = choices.get(key);
    if (choice) choice.cameras += 1;
    else choices.set(key, { key, ...camera.lao, cameras: 1 });
  }
  return [...choices.values()].toSorted((a, b) => thaiOrder.compare(a.key, b.key));
}

/** Each province once, in Thai order. */
export function provincesOf(laos: readonly LaoChoice[]): string[] {
  return [...new Set(laos.map(({ province }) => province))].toSorted((a, b) =>
    thaiOrder.compare(a, b),
  );
}

/** Province, district, LAO, position, id: tiles never move when a state changes. */
export function inWallOrder(cameras: Iterable<Camera>): Camera[] {
  return [...cameras].toSorted(
    (a, b) =>
      thaiOrder.compare(laoKey(a), laoKey(b)) ||
      thaiOrder.compare(a.position, b.position) ||
      thaiOrder.compare(a.id, b.id),
  );
}

const thaiOrder = new Intl.Collator('th', { numeric: true });

/**
 * NFKC turns the two spellings of sara am (ํ + า and ำ) into one, full-width into plain;
 * Thai digits become Arabic, so that "จุด ๓" and "จุด 3" find each other.
 */
function foldForSearch(text: string): string {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[๐-๙]/gu, (digit) => String(digit.charCodeAt(0) - 0x0e50))
      // Of abbreviations: รพสต finds รพ.สต.
      .replace(/(?<!\d)\.|\.(?!\d)/gu, '')
      .replace(/\s+/gu, ' ')
      .trim()
  );
}
