import { firstRecordedDay, madeOfDay } from './catalogue/camera-days.ts';
import { chainsOfDay, insertSeal, listSeals, sealedChains } from './catalogue/seals.ts';
import type { Catalogue } from './catalogue/tables.ts';
import {
  rangeOfDay,
  rootOf,
  sealStatement,
  thaiDay,
  type DayChain,
  type Seal,
  type Signer,
} from './sealed-day.ts';

const DAY_MS = 86_400_000;
/** After midnight, until the last recordings of the day are whole. */
const SETTLE_MS = 15 * 60_000;
/** Days that are looked at again: what a crash left is recovered later than its day was sealed. */
const AGAIN_DAYS = 7;

/**
 * Seals the days that are over: a signed Merkle root over the chains of their recordings. A day of which more is found
 * after it was sealed gets one seal more, over the chains that changed. Returns the seals it made. Throws what `onSealed`
 * throws: that seal, and those after it, are made the next time.
 */
export async function sealDays(options: {
  catalogue: Catalogue;
  signer: Signer;
  /** Told of each seal when it is signed and not entered yet: again when what follows fails, but never not at all. */
  onSealed: (seal: Seal) => Promise<void>;
  now: () => number;
}): Promise<Seal[]> {
  const { catalogue, now } = options;
  const firstDay = await firstRecordedDay(catalogue);
  if (firstDay === undefined) return [];
  const firstMs = rangeOfDay(firstDay).fromMs;
  const made: Seal[] = [];
  const last = (await listSeals(catalogue)).at(-1);
  const againMs = now() - AGAIN_DAYS * DAY_MS;
  const fromMs = last === undefined ? firstMs : Math.min(againMs, rangeOfDay(last.day).toMs);
  for (
    let atMs = rangeOfDay(thaiDay(Math.max(firstMs, fromMs))).fromMs;
    atMs + DAY_MS + SETTLE_MS <= now();
    atMs += DAY_MS
  ) {
    const seal = await sealDay(options, thaiDay(atMs));
    if (seal !== undefined) made.push(seal);
  }
  return made;
}

async function sealDay(
  { catalogue, signer, onSealed, now }: Parameters<typeof sealDays>[0],
  day: string,
): Promise<Seal | undefined> {
  const latest = new Map<string, DayChain & { number: number }>();
  for (const chain of await sealedChains(catalogue, day)) latest.set(nameOf(chain), chain);
  const sealed = new Map<string, number>();
  for (const { cameraId, recordings } of latest.values()) {
    sealed.set(cameraId, (sealed.get(cameraId) ?? 0) + recordings);
  }
  // What is to be sealed of a camera changes when more of it becomes whole (that a hash is another is verifySeals' to
  // find). Without this, every hash of a week would be read again every ten minutes.
  const cameraIds = (await madeOfDay(catalogue, day))
    .filter(({ cameraId, made }) => made !== (sealed.get(cameraId) ?? 0))
    .map(({ cameraId }) => cameraId);
  const chains = (await chainsOfDay(catalogue, day, cameraIds)).filter(
    (chain) => latest.get(nameOf(chain))?.chain !== chain.chain,
  );
  const seals = await listSeals(catalogue, day);
  // A day without a recording is sealed too: that there was none is said, and signed.
  if (chains.length === 0 && seals.length > 0) return undefined;
  const unsigned = {
    day,
    number: (seals.at(-1)?.number ?? 0) + 1,
    chains: chains.length,
    recordings: chains.reduce((sum, { recordings }) => sum + recordings, 0),
    root: rootOf(day, chains),
    sealedMs: now(),
    keyId: signer.keyId,
  };
  const seal = { ...unsigned, signature: signer.sign(sealStatement(unsigned)) };
  // Once entered it is not made again: who was not told before then never would be.
  await onSealed(seal);
  await insertSeal(catalogue, seal, chains);
  return seal;
}

/** What is wrong with a sealed day. */
export interface SealFinding {
  day: string;
  code: 'not-signed' | 'root-wrong' | 'seal-missing' | 'chain-changed' | 'recording-missing';
  message: string;
}

/**
 * Whether what the catalogue knows of sealed days is what was signed: every root by its signature, every chain by the
 * hashes of the recordings that are there, and of those that were deleted under policy. `isSigned` is asked with the
 * key's id.
 */
export async function verifySeals(
  catalogue: Catalogue,
  isSigned: (statement: string, signature: string, keyId: string) => boolean,
  day?: string,
): Promise<{ seals: number; recordings: number; findings: SealFinding[] }> {
  const findings: SealFinding[] = [];
  const seals = await listSeals(catalogue, day);
  let recordings = 0;
  for (const sealedDay of new Set(seals.map((seal) => seal.day))) {
    const stored = await sealedChains(catalogue, sealedDay);
    const latest = new Map<string, DayChain>();
    const ofDay = seals.filter((seal) => seal.day === sealedDay);
    for (const [i, seal] of ofDay.entries()) {
      const found = (code: SealFinding['code'], message: string): void =>
        void findings.push({ day: sealedDay, code, message });
      if (seal.number !== i + 1) found('seal-missing', `seal ${i + 1} is not there`);
      if (!isSigned(sealStatement(seal), seal.signature, seal.keyId)) {
        found('not-signed', `seal ${seal.number} is not signed by a key that was given`);
      }
      const chains = stored.filter(({ number }) => number === seal.number);
      if (chains.length !== seal.chains || rootOf(sealedDay, chains) !== seal.root) {
        found('root-wrong', `the chains of seal ${seal.number} are not those that were signed`);
      }
      for (const chain of chains) latest.set(nameOf(chain), chain);
    }
    const now = new Map<string, DayChain>();
    const cameraIds = new Set([...latest.values()].map(({ cameraId }) => cameraId));
    for (const chain of await chainsOfDay(catalogue, sealedDay, cameraIds)) {
      now.set(nameOf(chain), chain);
    }
    for (const [name, sealed] of latest) {
      recordings += sealed.recordings;
      const present = now.get(name);
      if (present?.chain === sealed.chain) continue;
      const missing = sealed.recordings - (present?.recordings ?? 0);
      const about = `camera ${sealed.cameraId}, run ${sealed.runId}`;
      // More than were sealed are those that the next seal will cover.
      if (missing > 0) {
        const message = `${about}: ${missing} of ${sealed.recordings} sealed recordings are unknown`;
        findings.push({ day: sealedDay, code: 'recording-missing', message });
      } else if (missing === 0) {
        const message = `${about}: a hash is not the one that was sealed`;
        findings.push({ day: sealedDay, code: 'chain-changed', message });
      }
    }
  }
  return { seals: seals.length, recordings, findings };
}

function nameOf({ cameraId, runId }: DayChain): string {
  return `${cameraId} ${runId}`;
}
