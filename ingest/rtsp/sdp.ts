/** What the gateway reads of a session description; RFC 8866, RFC 2326 appendix C, RFC 6184 §8.2. */
export interface MediaDescription {
  kind: string;
  payloadType: number;
  /** Upper case, of `a=rtpmap`; empty without one. */
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
const START_CODE = Buffer.of(0, 0, 1);

/** `base` is the Content-Base, Content-Location or request address that relative controls hang from. */
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

/** sprop-parameter-sets, RFC 6184 §8.1: NAL units without start codes. Unreadable ones are left out. */
export function parameterSets(media: MediaDescription): Buffer[] {
  return (media.formatParameters.get('sprop-parameter-sets') ?? '')
    .split(',')
    .map((set) => withoutStartCode(Buffer.from(set.trim(), 'base64')))
    .filter((set) => set.length > 1);
}

/**
 * Where a control attribute points (RFC 2326 §C.1.1): itself if absolute, `base` for `*` or none, else a name that
 * is appended to `base` as cameras expect it, which is with a slash and before no query is taken off.
 */
export function resolveControl(control: string | undefined, base: string): string {
  if (control === undefined || control === '' || control === '*') return base;
  if (/^rtsps?:\/\//i.test(control)) return control;
  return base.endsWith('/') || control.startsWith('?') ? base + control : `${base}/${control}`;
}

/**
 * A NAL unit holds no start code and does not end in a zero byte (ITU-T H.264 §7.4.1). Some cameras leave on the
 * start code of the next one, or zeros: captures gw_main, gw_sub and dahua of the retina project.
 */
function withoutStartCode(set: Buffer): Buffer {
  const startCode = set.indexOf(START_CODE);
  let end = startCode < 0 ? set.length : startCode;
  while (end > 0 && set[end - 1] === 0) end--;
  return set.subarray(0, end);
}

function parseMedia(line: string, attributes: readonly string[], base: string): MediaDescription {
  const [kind = '', , , format = ''] = line.split(/\s+/);
  const payloadType = Number(format);
  const value = (name: string): string | undefined =>
    attributes.find((a) => a.startsWith(`${name}:`))?.slice(name.length + 1);
  const rtpmap = attributes
    .map((a) => /^rtpmap:(\d+)\s+([^/\s]+)(?:\/(\d{1,9}))?/i.exec(a))
    .find((m) => m !== null && Number(m[1]) === payloadType);
  // Some cameras name another payload type here than in the media line: the first will do then.
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
    payloadType,
    encoding: rtpmap?.[2]?.toUpperCase() ?? '',
    clockRate: Number(rtpmap?.[3] ?? VIDEO_CLOCK_RATE) || VIDEO_CLOCK_RATE,
    formatParameters,
    control: resolveControl(value('control')?.trim(), base),
  };
}
