/** What a person calls the codec named by RFC 6381, such as "H.265 (HEVC)" for "hvc1.1.6.L93.B0"; of a list with sound, the pictures', which come first. */
export function codecName(codec: string): string {
  const fourCharacters = codec.slice(0, 4).toLowerCase();
  switch (fourCharacters) {
    case 'avc1':
    case 'avc3':
      return 'H.264';
    case 'hvc1':
    case 'hev1':
      return 'H.265 (HEVC)';
    case 'av01':
      return 'AV1';
    case 'vp09':
      return 'VP9';
    default:
      return codec;
  }
}

/**
 * Can this browser show pictures of this codec? `supports` answers for a MIME type (MediaSource.isTypeSupported, or
 * canPlayType where HLS is native). A codec that is not known yet is worth a try.
 */
export function isPlayable(codec: string | null, supports: (mimeType: string) => boolean): boolean {
  return codec === null || supports(`video/mp4; codecs="${codec}"`);
}

/** The same answers, but each distinct type is asked about once: a wall asks for every tile at every change. */
export function askedOnce(ask: (mimeType: string) => boolean): (mimeType: string) => boolean {
  const answers = new Map<string, boolean>();
  return (mimeType) => {
    const answer = answers.get(mimeType) ?? ask(mimeType);
    answers.set(mimeType, answer);
    return answer;
  };
}
