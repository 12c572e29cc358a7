/** What the gateway reads of a session description; RFC 8866, RFC 2326 appendix C, RFC 6184 §8.2. */
export interface MediaDescription {
  kind: string;
  /** Upper case: RTP/AVP; RTP/SAVP and the like are encrypted (RFC 3711). */
  protocol: string;
  payloadType: number;
  /** Upper case, of `a=rtpmap`, or what RFC 3551 §6 says of a type below 96; empty without either. */
  encoding: string;
  clockRate: number;
  formatParameters: ReadonlyMap<string, string>;
  /** Absolute address to SETUP. */
  control: string;
}

export interface SessionDescription {
  /** Absolute address to PLAY and TEARDOWN. */
  control: string;
  media: readonly MediaDescription[];
}

/** What came is no session description. */
export class MalformedDescription extends Error {
  readonly code = 'malformed_description';
}

const MAX_LINES = 2_000;
const MAX_MEDIA = 32;
const VIDEO_CLOCK_RATE = 90_000;
const MAX_FORMATS = 64;
/** RFC 3551 §6: what needs no `a=rtpmap`. */
const staticEncodings: Readonly<Record<number, string>> = {
  0: 'PCMU',
  8: 'PCMA',
  9: 'G722',
  14: 'MPA',
  26: 'JPEG',
  31: 'H261',
  32: 'MPV',
  33: 'MP2T',
  34: 'H263',
};
/** Codecs of pictures that a session carries. */
export const carriedEncodings: ReadonlySet<string> = new Set(['H264', 'H265']);
/** Codecs of sound that a session carries, if its camera's record asks for sound; RFC 3640, RFC 6416. */
export const carriedSound: ReadonlySet<string> = new Set(['MPEG4-GENERIC', 'MP4A-LATM']);
const START_CODE = Buffer.of(0, 0, 1);

/** Policy `only-media-lines`: no other line is asked for. `base` is the Content-Base, Content-Location or request address that relative controls hang from. */
export function parseSdp(text: string, base: string): SessionDescription {
  const lines = text.replaceAll('\0', '').split(/\r\n|\n|\r/, MAX_LINES);
  if (!lines.some((line) => line.startsWith('m='))) {
    throw new MalformedDescription('no media line');
  }
  let sessionControl: string | undefined;
  const sections: { line: string; attributes: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) {
      if (sections.length === MAX_MEDIA) break;
      sections.push({ line: line.slice(2).trim(), attributes: [] });
    } else if (line.startsWith('a=')) {
      const attribute = line.slice(2).trim();
      const section = sections.at(-1);
      if (section !== undefined) section.attributes.push(attribute);
      else if (attribute.startsWith('control:')) sessionControl = attribute.slice(8).trim();
    }
  }
  const control = resolveControl(sessionControl, base);
  return {
    control,
    media: sections.map((section) => parseMedia(section.line, section.attributes, control)),
  };
}

/**
 * Parameter sets in the description, as NAL units without start codes: sprop-parameter-sets of RFC 6184 §8.1,
 * sprop-vps, sprop-sps and sprop-pps of RFC 7798 §7.1. Unreadable ones are left out.
 */
export function parameterSets(media: MediaDescription): Buffer[] {
  return ['sprop-parameter-sets', 'sprop-vps', 'sprop-sps', 'sprop-pps']
    .flatMap((name) => (media.formatParameters.get(name) ?? '').split(','))
    .map((set) => withoutStartCode(Buffer.from(set.trim(), 'base64')))
    .filter((set) => set.length > 1);
}

/** Decoding order numbers stand in the packets: sprop-max-don-diff above 0, RFC 7798 §7.1. */
export function hasDecodingOrderNumbers(media: MediaDescription): boolean {
  return Number(media.formatParameters.get('sprop-max-don-diff') ?? 0) > 0;
}

/**
 * Where a control attribute points (RFC 2326 §C.1.1): itself if absolute, `base` for `*` or none (policy `no-control`),
 * else a name that is appended to `base` as cameras expect it, which is with a slash (policy `base-without-slash`) and
 * before no query is taken off (policy `base-with-query`).
 */
export function resolveControl(control: string | undefined, base: string): string {
  if (control === undefined || control === '' || control === '*') return base;
  if (/^rtsps?:\/\//i.test(control)) return control;
  return base.endsWith('/') || control.startsWith('?') ? base + control : `${base}/${control}`;
}

/**
 * Policy `start-code-in-parameter-sets`. A NAL unit holds no start code and does not end in a zero byte (ITU-T H.264 §7.4.1). Some cameras leave on the
 * start code of the next one, or zeros: captures gw_main, gw_sub and dahua of the retina project.
 */
function withoutStartCode(set: Buffer): Buffer {
  const startCode = set.indexOf(START_CODE);
  let end = startCode < 0 ? set.length : startCode;
  while (end > 0 && set[end - 1] === 0) end--;
  return set.subarray(0, end);
}

function parseMedia(line: string, attributes: readonly string[], base: string): MediaDescription {
  const [kind = '', , protocol = '', ...formats] = line.split(/\s+/, 3 + MAX_FORMATS);
  const value = (name: string): string | undefined =>
    attributes.find((a) => a.startsWith(`${name}:`))?.slice(name.length + 1);
  const rtpmaps = new Map<number, { encoding: string; clockRate: number }>();
  for (const attribute of attributes) {
    const match = /^rtpmap:(\d+)\s+([^/\s]+)(?:\/(\d{1,9}))?/i.exec(attribute);
    const type = Number(match?.[1]);
    if (match === null || rtpmaps.has(type)) continue;
    rtpmaps.set(type, { encoding: (match[2] ?? '').toUpperCase(), clockRate: Number(match[3]) });
  }
  // Policy `several-formats`: of those offered for one track, the first that can be carried.
  const types = formats.map(Number);
  const carried = types.find((type) => carriedEncodings.has(rtpmaps.get(type)?.encoding ?? ''));
  const payloadType = carried ?? types[0] ?? Number.NaN;
  const rtpmap = rtpmaps.get(payloadType);
  // Policy `fmtp-of-another-type`. Some cameras name another payload type here than in the media line: the first will do then.
  const ours = attributes.find((a) => a.startsWith(`fmtp:${payloadType} `))?.slice(5);
  const fmtp = (ours ?? value('fmtp'))?.replace(/^\s*\d+\s*/, '') ?? '';
  const formatParameters = new Map<string, string>();
  for (const parameter of fmtp.split(';')) {
    const equals = parameter.indexOf('=');
    if (equals > 0) {
      formatParameters.set(
        parameter.slice(0, equals).trim().toLowerCase(),
        parameter.slice(equals + 1).trim(),
      );
    }
  }
  return {
    kind: kind.toLowerCase(),
    protocol: protocol.toUpperCase(),
    payloadType,
    encoding: rtpmap?.encoding ?? staticEncodings[payloadType] ?? '',
    clockRate: rtpmap?.clockRate || VIDEO_CLOCK_RATE,
    formatParameters,
    control: resolveControl(value('control')?.trim(), base),
  };
}
