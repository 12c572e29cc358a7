import type { Insertable, Transaction } from 'kysely';
import { authorText, type Author } from './author.ts';
import type { FieldChange } from './camera-changes.ts';
import type { DeclarationSource } from './declaration-reasons.ts';
import { dayOf, declaredReasonText, type NewDeclaration } from './declarations.ts';
import { withOrigins } from './origins.ts';
import type { DeclarationTable, RegistryTables } from './schema/tables.ts';

/** Declarations written into the rows of cameras, within the transaction of whoever asks. */

/** What somebody says of one camera. */
export interface Declaring {
  cameraId: string;
  declaration: NewDeclaration;
  author: Author;
  source: DeclarationSource;
}

/**
 * One more declaration of a camera, and the camera as it says: its next version. A statement about the world and no edit
 * of a form, so no version is asked for: of two the later is the newest, and both are kept. False: there is no such camera.
 * Throws DeclaredInFuture.
 */
export async function writeDeclaration(
  transaction: Transaction<RegistryTables>,
  { cameraId, declaration, author, source }: Declaring,
  { id, atMs }: { id: string; atMs: number },
): Promise<boolean> {
  const on = dayOf(declaration, atMs);
  const { status } = declaration;
  const reason = declaredReasonText(declaration);
  // The next version is taken first, and the row with it: PostgreSQL would let two read the same one.
  const taken = await transaction
    .updateTable('cameras')
    .set(({ eb }) => ({ version: eb('version', '+', 1), updated_at_ms: atMs }))
    .where('id', '=', cameraId)
    .where('deleted_at_ms', 'is', null)
    .returning(['version', 'declared', 'declared_reason', 'damaged_since_ms', 'origins'])
    .executeTakeFirst();
  if (taken === undefined) return false;
  const changes: FieldChange[] = [];
  if (taken.declared !== status) changes.push(['declared', taken.declared, status]);
  if (taken.declared_reason !== reason) {
    changes.push(['declaredReason', taken.declared_reason, reason]);
  }
  await transaction
    .updateTable('cameras')
    .set({
      declared: status,
      declared_reason: reason,
      declared_at_ms: atMs,
      damaged_since_ms: damagedSinceMs(taken, status, atMs),
      origins: withOrigins(taken.origins, ['declared'], 'declared', author, atMs),
    })
    .where('id', '=', cameraId)
    .execute();
  await transaction
    .insertInto('declarations')
    .values({
      ...declarationRow({ id, cameraId, status, author, source, atMs }),
      reason: declaration.reason,
      note: declaration.note,
      on_day: on,
    })
    .execute();
  await transaction
    .insertInto('camera_changes')
    .values({
      camera_id: cameraId,
      version: taken.version,
      at_ms: atMs,
      action: 'changed',
      source: 'declared',
      author: authorText(author),
      changes: JSON.stringify(changes),
      reason: null,
    })
    .execute();
  return true;
}

/** What every row of `declarations` has. */
export function declarationRow({
  id,
  cameraId,
  status,
  author,
  source,
  atMs,
}: {
  id: string;
  cameraId: string;
  status: DeclarationTable['status'];
  author: Author;
  source: DeclarationSource;
  atMs: number;
}): Omit<Insertable<DeclarationTable>, 'reason' | 'note' | 'on_day'> {
  return {
    id,
    camera_id: cameraId,
    status,
    author: authorText(author),
    source,
    at_ms: atMs,
  };
}

/** Since when people say without a break that it is not working; null while it is. */
export function damagedSinceMs(
  before: { damaged_since_ms: number | null },
  status: DeclarationTable['status'],
  atMs: number,
): number | null {
  return status === 'working' ? null : (before.damaged_since_ms ?? atMs);
}
