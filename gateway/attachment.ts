/**
 * What a file is called that is taken away (pure): whose it is, and the day and time in Thailand, in the Buddhist era and with
 * the points that an officer writes: `หน้าตลาดสด ทต.ศาลาด่าน 2569-11-25 10.00.20-10.01.15.mp4`. Thai is kept; what a file
 * system would not take is not.
 */

/** Of the name before the time: a file system takes 255 bytes, and a browser adds ` (1)` and its own ending meanwhile. */
const MAX_PART_BYTES = 130;
const MAX_PLACE_BYTES = 65;
const THAI_OFFSET_MS = 7 * 3_600_000;
const BUDDHIST_ERA = 543;

export interface FileOf {
  /** In Thai, or whatever its owner wrote. */
  name: string;
  /** For a program that reads no `filename*`; ASCII. */
  plainName: string;
  /** Of what it shows, or when it was made; Unix ms. */
  fromMs: number;
  /** Where it shows a stretch, less than a day of it. */
  toMs?: number;
  extension: string;
}

export function fileNameOf(file: FileOf): string {
  return nameWith(file.name, file);
}

/** As Content-Disposition, RFC 6266: in full as RFC 8187 writes it, and in ASCII. */
export function attachment(file: FileOf): string {
  return attachmentOf(fileNameOf(file), nameWith(file.plainName, file));
}

/** The same of a name that needs no time. `plainName`: ASCII without `"` and `\`. */
export function attachmentOf(fileName: string, plainName: string): string {
  // What encodeURIComponent leaves, and an extended value may not hold.
  const extended = encodeURIComponent(fileName.toWellFormed()).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plainName}"; filename*=UTF-8''${extended}`;
}

/** A camera's place as a part of a file's name: two of one position in two LAOs are told apart. */
export function cameraFileName(camera: { position: string; lao: { name: string } }): string {
  return `${safePart(camera.position, MAX_PART_BYTES)} ${safePart(camera.lao.name, MAX_PLACE_BYTES)}`.trim();
}

function nameWith(name: string, { fromMs, toMs, extension }: FileOf): string {
  const from = thaiTime(fromMs);
  const to = toMs === undefined ? '' : `-${thaiTime(toMs).clock}`;
  return `${name} ${from.day} ${from.clock}${to}.${extension}`;
}

function thaiTime(ms: number): { day: string; clock: string } {
  const local = new Date(ms + THAI_OFFSET_MS);
  const text = local.toISOString();
  return {
    day: `${local.getUTCFullYear() + BUDDHIST_ERA}${text.slice(4, 10)}`,
    clock: text.slice(11, 19).replaceAll(':', '.'),
  };
}

/** What Windows, and a server of files behind it, takes: no signs of paths, nothing that is not seen, no point at an end. */
function safePart(text: string, maxBytes: number): string {
  const safe = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[<>:"/\\|?*]+/g, '-')
    // Also what turns the direction of writing: `gpj.exe` would be read as another kind of file.
    .replace(/\p{Cf}+/gu, '')
    .replace(/[\p{Cc}\p{Z}]+/gu, ' ')
    .replace(/^[. ]+/, '');
  return (
    withinBytes(safe, maxBytes)
      .replace(/[. ]+$/, '')
      // Devices of Windows, with any ending.
      .replace(/^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, '_$&')
  );
}

const graphemes = new Intl.Segmenter('th', { granularity: 'grapheme' });

/** Cut between letters: no vowel sign without its consonant. */
function withinBytes(text: string, maxBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const { segment } of graphemes.segment(text)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > maxBytes) break;
    kept += segment;
  }
  return kept;
}
