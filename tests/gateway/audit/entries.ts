import type { AuditEntry } from '#gateway/audit/audit.ts';

/** An entry as a route would record it. */
export function anEntry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    actor: { id: 'somchai', name: 'สมชาย ใจดี', role: 'operator' },
    action: 'camera.change',
    object: { kind: 'camera', id: 'camera-1', label: 'หน้าตลาดสด' },
    outcome: 'done',
    from: { address: '10.1.2.3', userAgent: 'Firefox' },
    why: undefined,
    detail: { fields: ['brand'] },
    ...changes,
  };
}
