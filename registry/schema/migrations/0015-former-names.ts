import type { Kysely } from 'kysely';
import { laoKey } from '../../managed-keys.ts';
import type { RegistryTables } from '../tables.ts';

/** What LAOs were called before they were corrected. Of before there was this table, what returns were frozen under tells it. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema
    .createTable('lao_former_names')
    .addColumn('match_key', 'text', (column) => column.notNull())
    .addColumn('lao_id', 'text', (column) => column.notNull().references('laos.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('district', 'text', (column) => column.notNull())
    .addColumn('province', 'text', (column) => column.notNull())
    // Several may have had one name: then it leads to none of them.
    .addPrimaryKeyConstraint('lao_former_names_key', ['match_key', 'lao_id'])
    .execute();
  const frozen = await db
    .selectFrom('survey_returns as frozen')
    .innerJoin('laos', 'laos.id', 'frozen.lao_id')
    .select(['laos.id as lao_id', 'frozen.name', 'frozen.district', 'frozen.province'])
    .select(['laos.name as now_name', 'laos.district as now_district'])
    .select('laos.province as now_province')
    .where('frozen.level', '=', 'lao')
    .where((where) =>
      where.or([
        where('frozen.name', '!=', where.ref('laos.name')),
        where('frozen.district', '!=', where.ref('laos.district')),
        where('frozen.province', '!=', where.ref('laos.province')),
      ]),
    )
    .distinct()
    .execute();
  for (const { lao_id, name, district, province, ...now } of frozen) {
    const match_key = laoKey({ name, district, province });
    const { now_name, now_district, now_province } = now;
    if (match_key === laoKey({ name: now_name, district: now_district, province: now_province })) {
      continue;
    }
    await db
      .insertInto('lao_former_names')
      .values({ match_key, lao_id, name, district, province })
      .onConflict((conflict) => conflict.columns(['match_key', 'lao_id']).doNothing())
      .execute();
  }
}
