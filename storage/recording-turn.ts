/** One gateway at a time records, of those that share a database. */
export const RECORDING_TURN = 'recording';

/** Another gateway on this database records: one at a time changes what is known. */
export class RecordedElsewhere extends Error {
  readonly code = 'recorded_elsewhere';
  constructor() {
    super('another gateway on this database records: repair there');
  }
}

/** A gateway whose turn it is, or may be, and that does not record now: what it repaired another might be recording. */
export class RecordingNotBegun extends Error {
  readonly code = 'recording_not_begun';
  constructor(why: string, options?: ErrorOptions) {
    super(`${why}: repair when it records`, options);
  }
}
