import { AuditUnavailable, type Audit, type AuditEntry } from '#gateway/audit/audit.ts';

/** Keeps what was recorded, and refuses all while `full`. */
export class AuditInMemory implements Audit {
  readonly entries: AuditEntry[] = [];
  full = false;

  async record(entry: AuditEntry): Promise<void> {
    if (this.full) throw new AuditUnavailable('the audit log cannot be written');
    this.entries.push(entry);
  }

  /** `action outcome object`, in order. */
  get acts(): string[] {
    return this.entries.map(({ action, outcome, object }) => `${action} ${outcome} ${object.id}`);
  }
}
