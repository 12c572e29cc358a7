/** nal_unit_type, ITU-T H.264 table 7-1: those that matter to cut a byte stream into pictures. */
const NAL_SLICE = 1;
const NAL_IDR = 5;
const NAL_SPS = 7;
const NAL_PPS = 8;

/** One picture of a byte stream: its NAL units without start codes, in order. */
export interface Picture {
  nalUnits: Buffer[];
  /** An IDR picture: decoding can begin here. */
  randomAccess: boolean;
}

/** The byte stream cannot be played in a loop. */
export class UnplayableClip extends Error {
  readonly code = 'unplayable_clip';
}

/**
 * Cuts an H.264 byte stream (ITU-T H.264 annex B) into pictures. A picture begins at its first slice
 * (first_mb_in_slice = 0) and takes the parameter sets and SEI in front of it along. Throws UnplayableClip when the
 * first picture is not an IDR with its parameter sets: a loop restarts there.
 */
export function readPictures(stream: Buffer): Picture[] {
  const pictures: Picture[] = [];
  let ahead: Buffer[] = [];
  for (const nalUnit of splitNalUnits(stream)) {
    const type = nalType(nalUnit);
    if (type < NAL_SLICE || type > NAL_IDR) {
      ahead.push(nalUnit);
      continue;
    }
    const last = pictures.at(-1);
    // ue(v) zero is a single 1 bit: the first bit of the slice header, §7.3.3, §9.1.
    const firstSlice = ((nalUnit[1] ?? 0) & 0x80) !== 0;
    if (last !== undefined && !firstSlice) {
      last.nalUnits.push(...ahead, nalUnit);
    } else {
      pictures.push({ nalUnits: [...ahead, nalUnit], randomAccess: type === NAL_IDR });
    }
    ahead = [];
  }
  const first = pictures[0];
  if (first === undefined || !first.randomAccess) {
    throw new UnplayableClip('the clip does not begin with an IDR picture');
  }
  parameterSets(first);
  return pictures;
}

/** The SPS and PPS that stand in front of a picture. Throws UnplayableClip when there are none. */
export function parameterSets(picture: Picture): { sps: Buffer; pps: Buffer } {
  const sps = picture.nalUnits.find((nalUnit) => nalType(nalUnit) === NAL_SPS);
  const pps = picture.nalUnits.find((nalUnit) => nalType(nalUnit) === NAL_PPS);
  if (sps === undefined || pps === undefined) {
    throw new UnplayableClip('the picture has no parameter sets in front of it');
  }
  return { sps, pps };
}

export function isParameterSet(nalUnit: Buffer): boolean {
  const type = nalType(nalUnit);
  return type === NAL_SPS || type === NAL_PPS;
}

function nalType(nalUnit: Buffer): number {
  return (nalUnit[0] ?? 0) & 0x1f;
}

/** NAL units between start codes; the zero bytes after one belong to the next start code (annex B.1.1). */
function splitNalUnits(stream: Buffer): Buffer[] {
  const START_CODE = Buffer.from([0, 0, 1]);
  const nalUnits: Buffer[] = [];
  let at = stream.indexOf(START_CODE);
  while (at >= 0) {
    const start = at + START_CODE.length;
    const next = stream.indexOf(START_CODE, start);
    let end = next < 0 ? stream.length : next;
    while (end > start && stream[end - 1] === 0) end--;
    if (end > start) nalUnits.push(stream.subarray(start, end));
    at = next;
  }
  return nalUnits;
}
