import { sql, type Kysely } from 'kysely';

/**
 * The survey (forms.md §2, §4): what time alone makes of a camera's condition, rounds with their frozen snapshots, and
 * the returns of LAOs, districts and provinces, every version of them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await statuses(db);
  await rounds(db);
  await snapshot(db);
  await returns(db);
  await versions(db);
  await reminders(db);
}

const columns = sql`('working', 'under-repair', 'unrepairable')`;

/** Only of cameras that count otherwise than they are declared, or that somebody may want to declare anew. */
async function statuses(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('survey_statuses')
    .addColumn('camera_id', 'text', (column) =>
      column.primaryKey().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('awaiting', 'integer', (column) => column.notNull())
    .addColumn('in_incident', 'integer', (column) => column.notNull())
    .addColumn('proposal', 'text')
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('declared_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

async function rounds(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('survey_rounds')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('reference', 'text', (column) => column.notNull())
    .addColumn('cut_off_ms', 'bigint', (column) => column.notNull())
    .addColumn('window_ms', 'bigint', (column) => column.notNull().check(sql`window_ms > 0`))
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('counts_closed_areas', 'integer', (column) => column.notNull())
    .addColumn('declaration_days', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) =>
      column.notNull().check(sql`state in ('open', 'frozen', 'closed')`),
    )
    .addColumn('opened_by', 'text', (column) => column.notNull())
    .addColumn('opened_ms', 'bigint', (column) => column.notNull())
    .addColumn('frozen_ms', 'bigint')
    .addColumn('closed_ms', 'bigint')
    .execute();
  await db.schema
    .createTable('survey_deadlines')
    .addColumn('round_id', 'text', (column) =>
      column.notNull().references('survey_rounds.id').onDelete('cascade'),
    )
    .addColumn('level', 'text', (column) =>
      column.notNull().check(sql`level in ('lao', 'district', 'province')`),
    )
    // Empty: the Department's own, for the whole country.
    .addColumn('province', 'text', (column) => column.notNull())
    .addColumn('due_ms', 'bigint', (column) => column.notNull())
    .addColumn('letter_number', 'text')
    .addColumn('contact', 'text')
    .addPrimaryKeyConstraint('survey_deadlines_key', ['round_id', 'level', 'province'])
    .execute();
}

/** Written once, when a round freezes, and never changed. */
async function snapshot(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('survey_cameras')
    .addColumn('round_id', 'text', (column) =>
      column.notNull().references('survey_rounds.id').onDelete('cascade'),
    )
    // No reference: what was counted stays, whatever becomes of the camera.
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('lao_id', 'text', (column) => column.notNull())
    .addColumn('budget_source_id', 'text', (column) => column.notNull())
    .addColumn('budget_source', 'text', (column) => column.notNull())
    .addColumn('position', 'text', (column) => column.notNull())
    .addColumn('linked', 'integer', (column) => column.notNull())
    .addColumn('declared', 'text', (column) => column.notNull().check(sql`declared in ${columns}`))
    .addColumn('declared_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('observed', 'text')
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in ${columns}`))
    .addColumn('awaiting', 'integer', (column) => column.notNull())
    .addColumn('in_incident', 'integer', (column) => column.notNull())
    .addColumn('basis', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('proposal', 'text')
    .addColumn('evidence', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('survey_cameras_key', ['round_id', 'camera_id'])
    .execute();
  await db.schema
    .createIndex('survey_cameras_counted')
    .on('survey_cameras')
    .columns(['round_id', 'lao_id', 'budget_source_id', 'status'])
    .execute();
}

async function returns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('survey_returns')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('round_id', 'text', (column) =>
      column.notNull().references('survey_rounds.id').onDelete('cascade'),
    )
    .addColumn('level', 'text', (column) =>
      column.notNull().check(sql`level in ('lao', 'district', 'province')`),
    )
    // As they were called when the round froze: a name that changes later does not change what was signed.
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('lao_id', 'text')
    .addColumn('district', 'text', (column) => column.notNull())
    .addColumn('province', 'text', (column) => column.notNull())
    .addColumn('reports_to', 'text', (column) =>
      column.notNull().check(sql`reports_to in ('district', 'province', 'country')`),
    )
    .addColumn('parent_id', 'text', (column) => column.references('survey_returns.id'))
    .addColumn('state', 'text', (column) =>
      column.notNull().check(sql`state in ('draft', 'sent-back', 'submitted', 'accepted')`),
    )
    .addColumn('version', 'integer', (column) => column.notNull())
    .addUniqueConstraint('survey_returns_once', [
      'round_id',
      'level',
      'province',
      'district',
      'name',
    ])
    .execute();
  await db.schema
    .createIndex('survey_returns_of_parent')
    .on('survey_returns')
    .column('parent_id')
    .execute();
}

/** The newest version of a return is worked on until it is sent; those before it are only read. */
async function versions(db: Kysely<unknown>): Promise<void> {
  const ofVersion = ['return_id', 'version'] as const;
  await db.schema
    .createTable('survey_versions')
    .addColumn('return_id', 'text', (column) =>
      column.notNull().references('survey_returns.id').onDelete('cascade'),
    )
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) =>
      column.notNull().check(sql`state in ('draft', 'submitted', 'accepted', 'sent-back')`),
    )
    .addColumn('source', 'text', (column) =>
      column.notNull().check(sql`source in ('registry', 'form')`),
    )
    .addColumn('made_ms', 'bigint', (column) => column.notNull())
    .addColumn('made_by', 'text', (column) => column.notNull())
    .addColumn('correction_reason', 'text')
    .addColumn('signature', 'text')
    .addColumn('submitted_ms', 'bigint')
    .addColumn('submitted_by', 'text')
    .addColumn('incomplete_reason', 'text')
    .addColumn('decided_ms', 'bigint')
    .addColumn('decided_by', 'text')
    .addColumn('decided_reason', 'text')
    .addPrimaryKeyConstraint('survey_versions_key', [...ofVersion])
    .execute();
  await db.schema
    .createTable('survey_rows')
    .addColumn('return_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('ordinal', 'integer', (column) => column.notNull())
    .addColumn('lao_id', 'text', (column) => column.notNull())
    .addColumn('lao', 'text', (column) => column.notNull())
    .addColumn('district', 'text', (column) => column.notNull())
    .addColumn('province', 'text', (column) => column.notNull())
    .addColumn('budget_source_id', 'text')
    .addColumn('budget_source', 'text', (column) => column.notNull())
    .addColumn('total', 'integer', (column) => column.notNull().check(sql`total >= 0`))
    .addColumn('working', 'integer', (column) => column.notNull().check(sql`working >= 0`))
    .addColumn('under_repair', 'integer', (column) =>
      column.notNull().check(sql`under_repair >= 0`),
    )
    .addColumn('unrepairable', 'integer', (column) =>
      column.notNull().check(sql`unrepairable >= 0`),
    )
    .addColumn('awaiting', 'integer', (column) => column.notNull())
    .addColumn('note', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('survey_rows_key', [...ofVersion, 'ordinal'])
    .addForeignKeyConstraint('survey_rows_of_version', [...ofVersion], 'survey_versions', [
      ...ofVersion,
    ])
    // §2d: the database refuses a row that does not add up.
    .addCheckConstraint('survey_rows_add_up', sql`working + under_repair + unrepairable = total`)
    .execute();
  await db.schema
    .createTable('survey_classifications')
    .addColumn('return_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in ${columns}`))
    .addColumn('reason_code', 'text')
    .addColumn('note', 'text')
    // ISO date: somebody stood before it. Null: nobody did.
    .addColumn('inspected_on', 'text')
    .addColumn('by', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('survey_classifications_key', [...ofVersion, 'camera_id'])
    .addForeignKeyConstraint(
      'survey_classifications_of_version',
      [...ofVersion],
      'survey_versions',
      [...ofVersion],
    )
    .execute();
  await db.schema
    .createTable('survey_notes')
    .addColumn('return_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('budget_source', 'text', (column) => column.notNull())
    .addColumn('note', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('survey_notes_key', [...ofVersion, 'budget_source'])
    .addForeignKeyConstraint('survey_notes_of_version', [...ofVersion], 'survey_versions', [
      ...ofVersion,
    ])
    .execute();
  // Which versions of the returns below a district's or province's one is made of.
  await db.schema
    .createTable('survey_parts')
    .addColumn('return_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('part_id', 'text', (column) => column.notNull().references('survey_returns.id'))
    .addColumn('part_version', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('survey_parts_key', [...ofVersion, 'part_id'])
    .addForeignKeyConstraint('survey_parts_of_version', [...ofVersion], 'survey_versions', [
      ...ofVersion,
    ])
    .execute();
}

async function reminders(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('survey_reminders')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('return_id', 'text', (column) =>
      column.notNull().references('survey_returns.id').onDelete('cascade'),
    )
    .addColumn('kind', 'text', (column) =>
      column.notNull().check(sql`kind in ('due-soon', 'late', 'by-hand')`),
    )
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('due_ms', 'bigint', (column) => column.notNull())
    .addColumn('by', 'text')
    .execute();
  await db.schema
    .createIndex('survey_reminders_of_return')
    .on('survey_reminders')
    .columns(['return_id', 'kind'])
    .execute();
}
