import { listDeletions, type Deletion } from './catalogue/deletion.ts';
import { recordingById, type Recording } from './catalogue/recordings.ts';
import type { SpoolId } from './catalogue/spools.ts';
import type { Catalogue } from './catalogue/tables.ts';
import { ObjectMissing, type ObjectStore } from './objects/object-store.ts';
import type { OpenRecordings } from './open-recordings.ts';
import {
  clipPieces,
  makeClip,
  type Clip,
  type ClipPiece,
  type ClipRange,
} from './retrieval/clip.ts';
import { AFTER_PICTURE_MS, pictureSource, type PictureSource } from './retrieval/picture.ts';
import { playable, type PlayableRecording } from './retrieval/playable.ts';
import { recordingSource, type RecordingSource } from './retrieval/recording-bytes.ts';
import { vodPlaylist, type MediaUri } from './retrieval/vod-playlist.ts';
import { timeline, type Timeline } from './timeline.ts';

export interface TimeRange {
  fromMs: number;
  toMs: number;
}

/** What was recorded, as it is asked for: when, to play, to take away, and what of it is gone. */
export interface Footage {
  timeline(cameraId: string, range: TimeRange): Promise<Timeline>;
  /** A VOD playlist. As all that play: throws NothingRecorded, NotStoredYet. */
  playlist(cameraId: string, range: TimeRange, mediaUri: MediaUri): Promise<string>;
  /** An MP4 file of a range, or of one piece of it. Throws NothingRecorded, SeveralClips, ClipChanged. */
  clip(cameraId: string, range: ClipRange): Promise<Clip>;
  /** The files that a range takes. Throws NothingRecorded. */
  clipPieces(cameraId: string, range: TimeRange): Promise<ClipPiece[]>;
  /** What a picture at a time is decoded from. Throws NothingRecorded, PictureTooLarge. */
  picture(cameraId: string, atMs: number): Promise<PictureSource>;
  /** A recording's bytes. Throws ObjectMissing when the camera has none of this name. */
  source(cameraId: string, recordingId: string): Promise<RecordingSource>;
  /** What was deleted in a time, and under which rule. */
  deletions(
    filter: Parameters<typeof listDeletions>[1],
    page: Parameters<typeof listDeletions>[2],
  ): Promise<Deletion[]>;
}

/** Reads the catalogue, and bytes from the spool or the store, wherever they are at that moment. */
export function openFootage(of: {
  catalogue: Catalogue;
  /** What still grows. */
  open: OpenRecordings;
  store: ObjectStore;
  spoolFolder: string;
  spoolId?: SpoolId;
}): Footage {
  const { catalogue, open, spoolId = null } = of;
  const playableOf = async (cameraId: string, range: TimeRange): Promise<PlayableRecording[]> =>
    playable(catalogue, open, cameraId, range, spoolId);
  const sourceOf = async (recording: Recording): Promise<RecordingSource> =>
    recordingSource(recording, of);
  return {
    timeline: async (cameraId, range) => timeline(catalogue, open, cameraId, range, spoolId),
    async playlist(cameraId, range, mediaUri) {
      return vodPlaylist(await playableOf(cameraId, range), mediaUri);
    },
    async clip(cameraId, range) {
      return makeClip(await playableOf(cameraId, range), range, sourceOf);
    },
    async clipPieces(cameraId, range) {
      return clipPieces(await playableOf(cameraId, range), range);
    },
    async picture(cameraId, atMs) {
      const range = { fromMs: atMs, toMs: atMs + AFTER_PICTURE_MS };
      return pictureSource(await playableOf(cameraId, range), atMs, sourceOf);
    },
    async source(cameraId, recordingId) {
      const recording = await recordingById(catalogue, recordingId);
      if (recording?.cameraId !== cameraId) throw new ObjectMissing(recordingId);
      return sourceOf(recording);
    },
    deletions: async (filter, page) => listDeletions(catalogue, filter, page),
  };
}
