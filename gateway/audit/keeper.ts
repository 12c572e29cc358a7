import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Databases } from '#registry/database/database.ts';
import type { Anchor } from './anchor.ts';
import type { AuditEntry } from './audit.ts';
import { canonicalJson } from './canonical-json.ts';
import { AuditLog, openAuditDatabase } from './log.ts';
import { openSigningKey, SIGNING_KEY_FILE, type SigningKey } from './signing-key.ts';

export interface AuditSettings {
  dataDir: string;
  audit: {
    retentionDays: number;
    /** Where the signing key is; undefined: in the data folder. */
    keyFile: string | undefined;
    /** Where anchors are written beside the log: a place that whoever runs this machine cannot rewrite. */
    anchorFile: string | undefined;
  };
}

interface Logger {
  info: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
}

export interface AuditKeeper {
  log: AuditLog;
  key: SigningKey;
  /** Records that the gateway stops, signs the last entry, and takes no more. Never rejects. */
  close: () => Promise<void>;
}

/** How often it is looked whether a day has passed. */
const CHECK_MS = 60_000;
const DAY_MS = 86_400_000;
/** Days begin at midnight in Thailand. */
const THAI_OFFSET_MS = 7 * 3_600_000;
/** Anchors that could not be written elsewhere and are tried again; beyond this the oldest is given up, with a word. */
const MAX_UNSENT = 1_000;

/**
 * Opens the audit log and keeps it: an anchor at start, at stop and every day, and the removal of what is past its time.
 * Throws what the database throws, SigningKeyNotUsable, AuditUnavailable.
 */
export async function keepAudit(
  databases: Databases,
  settings: AuditSettings,
  options: { now: () => number; log: Logger },
): Promise<AuditKeeper> {
  const { now, log: processLog } = options;
  const { retentionDays, keyFile, anchorFile } = settings.audit;
  const key = openSigningKey(keyFile ?? join(settings.dataDir, SIGNING_KEY_FILE));
  const log = new AuditLog({ database: await openAuditDatabase(databases), key, now });
  let unsent: string[] = [];

  async function publish(anchor: Anchor): Promise<void> {
    processLog.info({ anchor }, 'audit anchor');
    if (anchorFile === undefined) return;
    unsent.push(`${canonicalJson(anchor)}\n`);
    try {
      await appendFile(anchorFile, unsent.join(''), { mode: 0o600, flush: true });
      unsent = [];
    } catch (err) {
      if (unsent.length > MAX_UNSENT) unsent.shift();
      processLog.error({ err, waiting: unsent.length }, 'audit anchor not written elsewhere');
    }
  }

  async function prune(): Promise<void> {
    const pruned = await log.prune(retentionDays);
    if (pruned === undefined) return;
    await publish(pruned.anchor);
    const detail = { removed: pruned.removed, upTo: pruned.anchor.sequence, retentionDays };
    await log.record(ofGateway('audit.prune', detail));
  }

  await log.record(ofGateway('gateway.start', { keyId: key.keyId }));
  await publish(await log.anchor('start'));
  await prune();

  let anchoredDay = thaiDay(now());
  async function anchorDay(today: number): Promise<void> {
    try {
      await publish(await log.anchor('daily'));
      anchoredDay = today;
      await prune();
    } catch (err) {
      // Tried again at the next look.
      processLog.error({ err }, 'audit log not anchored');
    }
  }
  let busy = Promise.resolve();
  const timer = setInterval(() => {
    const today = thaiDay(now());
    if (today === anchoredDay) return;
    busy = busy.then(async () => anchorDay(today));
  }, CHECK_MS);
  timer.unref();

  return {
    log,
    key,
    async close() {
      clearInterval(timer);
      await busy;
      try {
        await log.record(ofGateway('gateway.stop', {}));
        await log.close();
        await publish(await log.anchor('stop'));
      } catch (err) {
        // Nothing is left to refuse: the next start says that there was no stop.
        processLog.error({ err }, 'the stop could not be recorded');
      }
    },
  };
}

function ofGateway(action: AuditEntry['action'], detail: Record<string, unknown>): AuditEntry {
  return {
    actor: { id: 'system', name: 'gateway' },
    action,
    object: { kind: 'gateway', id: 'gateway' },
    outcome: 'done',
    from: { address: null, userAgent: null },
    detail,
  };
}

function thaiDay(ms: number): number {
  return Math.floor((ms + THAI_OFFSET_MS) / DAY_MS);
}
