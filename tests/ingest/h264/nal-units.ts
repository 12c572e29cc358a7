/** Parameter sets of 240×160 (capture bunny_describe), of 1920×1080 (capture hikvision_describe). */
export const SPS = Buffer.from('Z0LAHtkDxWhAAAADAEAAAAwDxYuS', 'base64');
export const PPS = Buffer.from('aMuMsg==', 'base64');
export const LARGE_SPS = Buffer.from('Z00AKZpkA8ARPyzUBAQFAAADA+gAAOpgBA==', 'base64');
export const LARGE_PPS = Buffer.from('aO48gA==', 'base64');

export const AUD = Buffer.from([0x09, 0xf0]);
export const FILLER = Buffer.from([0x0c, 0xff, 0x80]);
export const SEI = Buffer.from([0x06, 0x01, 0x01, 0x00, 0x80]);

/** What looks like a slice; `tag` tells it from others. Not the first of its picture: first_mb_in_slice ≠ 0. */
export function IDR(tag: number, first = true, bytes = 12): Buffer {
  return slice(0x65, tag, first, bytes);
}

export function P(tag: number, first = true, bytes = 12): Buffer {
  return slice(0x41, tag, first, bytes);
}

function slice(header: number, tag: number, first: boolean, bytes: number): Buffer {
  const nal = Buffer.alloc(bytes, 0x5a);
  nal[0] = header;
  nal[1] = first ? 0x88 : 0x48;
  nal.writeUInt32BE(tag, 2);
  return nal;
}
