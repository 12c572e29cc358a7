import { sql, type Kysely } from 'kysely';
import { systemAuthor } from '../../author.ts';
import { OTHER_REASON, REASON_NOT_GIVEN } from '../../declaration-reasons.ts';
import { thaiDay } from '../../thai-day.ts';
import { uuidV7Ms } from '../../uuid-v7.ts';
import type { RegistryTables } from '../tables.ts';

/** Declarations of a camera's condition with their history, and the repair log. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema.alterTable('cameras').addColumn('damaged_since_ms', 'bigint').execute();
  await db.schema
    .createIndex('cameras_damaged')
    .on('cameras')
    .columns(['lao_id', 'damaged_since_ms'])
    .where(sql.ref('damaged_since_ms'), 'is not', null)
    .execute();
  await db.schema
    .createTable('declarations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('status', 'text', (column) =>
      column.notNull().check(sql`status in ('working', 'under-repair', 'unrepairable')`),
    )
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('on_day', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('declarations_of_camera')
    .on('declarations')
    .columns(['camera_id', 'at_ms'])
    .execute();
  await repairs(db);
  await fillDeclarations(db);
}

async function repairs(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema
    .createTable('repairs')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) =>
      column
        .notNull()
        .check(
          sql`state in ('reported', 'in-repair', 'back-in-service', 'unrepairable', 'no-fault')`,
        ),
    )
    .addColumn('opened_ms', 'bigint', (column) => column.notNull())
    .addColumn('closed_ms', 'bigint')
    .addColumn('reported_on', 'text', (column) => column.notNull())
    .addColumn('reported_by', 'text', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('contractor', 'text')
    .addColumn('warranty_until', 'text')
    .addColumn('due_on', 'text')
    .addColumn('cost_satang', 'bigint')
    .addColumn('back_on', 'text')
    .execute();
  await db.schema
    .createIndex('repairs_of_camera')
    .on('repairs')
    .columns(['camera_id', 'opened_ms'])
    .execute();
  // A camera is in one repair at a time.
  await db.schema
    .createIndex('repairs_open')
    .unique()
    .on('repairs')
    .column('camera_id')
    .where(sql.ref('closed_ms'), 'is', null)
    .execute();
  await db.schema
    .createTable('repair_changes')
    .addColumn('repair_id', 'text', (column) =>
      column.notNull().references('repairs.id').onDelete('cascade'),
    )
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('changes', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('repair_changes_key', ['repair_id', 'version'])
    .execute();
}

const PAGE = 500;

/** What is declared of each camera now becomes its first declaration: of whoever it was, nothing is known any more. */
async function fillDeclarations(db: Kysely<RegistryTables>): Promise<void> {
  const author = JSON.stringify(systemAuthor);
  let after = '';
  for (;;) {
    const page = await db
      .selectFrom('cameras')
      .select(['id', 'declared', 'declared_reason', 'declared_at_ms'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    if (page.length === 0) break;
    await db
      .insertInto('declarations')
      .values(
        page.map(({ id, declared, declared_reason, declared_at_ms }) => {
          const atMs = declared_at_ms || uuidV7Ms(id);
          return {
            id,
            camera_id: id,
            status: declared,
            reason: declared_reason === null ? REASON_NOT_GIVEN : OTHER_REASON,
            note: declared_reason,
            on_day: thaiDay(atMs),
            at_ms: atMs,
            author,
            source: 'register' as const,
          };
        }),
      )
      .execute();
    after = page.at(-1)?.id ?? after;
  }
  await sql`
    update cameras set damaged_since_ms =
      (select at_ms from declarations where declarations.id = cameras.id)
    where declared <> 'working'`.execute(db);
}
