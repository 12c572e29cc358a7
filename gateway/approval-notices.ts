import { areaOf } from '#registry/area.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import type { Shortenings } from '#storage/shortening.ts';
import { MAX_CAMERAS_NAMED } from './notices/notice.ts';
import type { PlannedNotice } from './notices/plan-notices.ts';

/** That wait at one time; of older ones it was told before. */
const MAX_AT_ONCE = 1_000;

/**
 * Shortenings of retention that were asked for since and wait for a second person: told to who may approve them for all of
 * their cameras, and never to who asked.
 */
export async function approvalNotices(
  shortenings: Pick<Shortenings, 'list'>,
  registry: RegistryDatabase,
  { sinceMs }: { sinceMs: number },
): Promise<PlannedNotice[]> {
  const newest = await shortenings.list({ state: 'requested' }, { limit: MAX_AT_ONCE });
  const notices: PlannedNotice[] = [];
  for (const { id, days, reason, requested, cameras: named } of newest) {
    if (requested.ms < sinceMs) continue;
    const cameras = await registry
      .selectFrom('cameras')
      .innerJoin('laos', 'laos.id', 'cameras.lao_id')
      .select(['cameras.id', 'cameras.position', 'laos.name', 'laos.district', 'laos.province'])
      .where(
        'cameras.id',
        'in',
        named.map(({ cameraId }) => cameraId),
      )
      .orderBy('cameras.id')
      .execute();
    const [first] = cameras;
    if (first === undefined) continue;
    const areas = new Map(cameras.map((one) => [placeKey(one), areaOf(one)]));
    notices.push({
      kind: 'approval-waiting',
      subject: `approval ${id}`,
      content: {
        place: { province: first.province, district: first.district, lao: first.name },
        count: cameras.length,
        cameras: cameras
          .slice(0, MAX_CAMERAS_NAMED)
          .map((one) => ({ id: one.id, position: one.position, reason: null })),
        incident: null,
        round: null,
        approval: { id, days, requestedBy: requested.name, reason },
      },
      audience: {
        action: 'retention.approve',
        areas: [...areas.values()],
        except: requested.by,
      },
    });
  }
  return notices;
}

function placeKey({ province, district, name }: Parameters<typeof areaOf>[0]): string {
  return [province, district, name].join('/');
}
