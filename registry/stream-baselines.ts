import type { Selectable } from 'kysely';
import { authorOf, authorText, type Author } from './author.ts';
import type { RegistryDatabase, StreamBaselineTable } from './schema/tables.ts';
import { lights, type Light, type StreamBaseline, type UsualStream } from './usual-stream.ts';

/** What is usual for streams, as it is kept. It goes with the stream's address: another address begins anew. */

export interface AcceptedStream extends UsualStream {
  /** Unix ms. */
  atMs: number;
  /** Whose word it is; null: learnt from the stream. */
  by: Author | null;
}

export type AcceptedBaseline = Readonly<Record<Light, AcceptedStream | null>>;

/** Left out: it stays. */
export type BaselineChange = { readonly [light in Light]?: UsualStream | null | undefined };

/** The camera has no stream that anything could be usual for. */
export class NoStreamToJudge extends Error {
  readonly code = 'no_stream_to_judge';
  constructor(cameraId: string) {
    super(`camera ${cameraId} is not linked`);
  }
}

export interface StreamBaselines {
  get(cameraId: string): Promise<AcceptedBaseline>;
  /** Of every stream that has one. */
  all(): Promise<Map<string, StreamBaseline>>;
  /** What a stream was seen to do; nothing where a person has said what is usual, or the camera has no stream now. */
  learn(cameraId: string, light: Light, usual: UsualStream): Promise<void>;
  /** What a person says; null: it is learnt anew. Throws NoStreamToJudge. */
  correct(cameraId: string, change: BaselineChange, author: Author): Promise<AcceptedBaseline>;
}

export function openStreamBaselines(
  database: RegistryDatabase,
  { now }: { now: () => number },
): StreamBaselines {
  /** Rows of an address that the camera has no more count for nothing. */
  const present = () =>
    database
      .selectFrom('stream_baselines')
      .innerJoin('streams', (join) =>
        join
          .onRef('streams.camera_id', '=', 'stream_baselines.camera_id')
          .onRef('streams.url_key', '=', 'stream_baselines.url_key'),
      )
      .selectAll('stream_baselines');

  async function get(cameraId: string): Promise<AcceptedBaseline> {
    const rows = await present().where('stream_baselines.camera_id', '=', cameraId).execute();
    const of = (light: Light): AcceptedStream | null => {
      const row = rows.find((one) => one.light === light);
      return row === undefined ? null : acceptedOf(row);
    };
    return { day: of('day'), night: of('night') };
  }

  return {
    get,
    async all() {
      const baselines = new Map<string, StreamBaseline>();
      for (const row of await present().execute()) {
        const baseline = baselines.get(row.camera_id) ?? { day: null, night: null };
        baseline[row.light] = usualOf(row);
        baselines.set(row.camera_id, baseline);
      }
      return baselines;
    },
    async learn(cameraId, light, usual) {
      await database.transaction().execute(async (transaction) => {
        const stream = await transaction
          .selectFrom('streams')
          .select('url_key')
          .where('camera_id', '=', cameraId)
          .executeTakeFirst();
        const urlKey = stream?.url_key;
        if (urlKey === undefined || urlKey === null) return;
        const row = rowOf(cameraId, light, urlKey, usual, now(), null);
        await transaction
          .insertInto('stream_baselines')
          .values(row)
          .onConflict((conflict) =>
            conflict
              .columns(['camera_id', 'light'])
              .doUpdateSet(row)
              .where((eb) =>
                eb.or([
                  eb('stream_baselines.author', 'is', null),
                  eb('stream_baselines.url_key', '!=', urlKey),
                ]),
              ),
          )
          .execute();
      });
    },
    async correct(cameraId, change, author) {
      await database.transaction().execute(async (transaction) => {
        const stream = await transaction
          .selectFrom('streams')
          .select('url_key')
          .where('camera_id', '=', cameraId)
          .executeTakeFirst();
        const urlKey = stream?.url_key;
        if (urlKey === undefined || urlKey === null) throw new NoStreamToJudge(cameraId);
        for (const light of lights) {
          const usual = change[light];
          if (usual === undefined) continue;
          await transaction
            .deleteFrom('stream_baselines')
            .where('camera_id', '=', cameraId)
            .where('light', '=', light)
            .execute();
          if (usual === null) continue;
          await transaction
            .insertInto('stream_baselines')
            .values(rowOf(cameraId, light, urlKey, usual, now(), author))
            .execute();
        }
      });
      return get(cameraId);
    },
  };
}

function rowOf(
  cameraId: string,
  light: Light,
  urlKey: string,
  { frameRate, width, height }: UsualStream,
  atMs: number,
  author: Author | null,
): Selectable<StreamBaselineTable> {
  return {
    camera_id: cameraId,
    light,
    url_key: urlKey,
    frame_rate: frameRate,
    width,
    height,
    at_ms: atMs,
    author: author === null ? null : authorText(author),
  };
}

function usualOf(row: Selectable<StreamBaselineTable>): UsualStream {
  return { frameRate: row.frame_rate, width: row.width, height: row.height };
}

function acceptedOf(row: Selectable<StreamBaselineTable>): AcceptedStream {
  return {
    ...usualOf(row),
    atMs: row.at_ms,
    by: row.author === null ? null : authorOf(row.author),
  };
}
