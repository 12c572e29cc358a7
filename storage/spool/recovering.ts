import { uuidV7Ms } from '#registry/uuid-v7.ts';
import type { SpoolId } from '../catalogue/spools.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import { accountForRefused, leftInWords, type LeftFiles } from './left-files.ts';
import { recoverSpool, type RecoveredSpool } from './recover-spool.ts';

/** A file that a recorder has just made, and has not told of yet, is not looked at as one that was left behind. */
const JUST_MADE_MS = 10_000;

export interface RecoveringOptions {
  catalogue: Catalogue;
  spoolFolder: string;
  spoolId: SpoolId;
  leftFiles: Pick<LeftFiles, 'notEntered'>;
  /** A recorder of this process writes it. */
  isOpen: (recordingId: string) => boolean;
  /** What was recovered may be put into the store. */
  onRecovered: () => void;
  newId: () => string;
  now: () => number;
  log: (event: string, fields: Record<string, unknown>) => void;
}

/** When the spool is recovered while this process runs: at once, or later and once for all who ask. */
export class Recovering {
  readonly #options: RecoveringOptions;
  #state: 'none' | 'runs' | 'runs, and once more' = 'none';
  #justMade: NodeJS.Timeout | undefined;

  constructor(options: RecoveringOptions) {
    this.#options = options;
  }

  /** Whether a recorder writes it still, as far as that is known. */
  isLive(recordingId: string): boolean {
    const { isOpen, now } = this.#options;
    return isOpen(recordingId) || now() - uuidV7Ms(recordingId) < JUST_MADE_MS;
  }

  /** `ofBefore`: nothing in it is live. Throws what the catalogue throws. */
  async recover({ ofBefore = false } = {}): Promise<RecoveredSpool> {
    const { catalogue, spoolFolder, spoolId, leftFiles, newId, log } = this.#options;
    const isLive = ofBefore ? undefined : (id: string) => this.isLive(id);
    const found = await recoverSpool(catalogue, spoolFolder, isLive, spoolId);
    leftFiles.notEntered(found.left);
    if (found.left.length > 0) {
      log('spool files left as they are', leftInWords(found.left));
      await accountForRefused(catalogue, found.left, newId);
    }
    return found;
  }

  async again(): Promise<void> {
    await this.recover();
    this.#options.onRecovered();
  }

  later(): void {
    if (this.#state !== 'none') {
      this.#state = 'runs, and once more';
      return;
    }
    this.#state = 'runs';
    void this.again()
      .catch((error: unknown) => this.#options.log('spool not recovered', { err: error }))
      .finally(() => {
        const isAskedFor = this.#state !== 'runs';
        this.#state = 'none';
        if (isAskedFor) this.later();
      });
  }

  /** What was just made is looked at when it is surely nobody's. */
  laterWhatWasJustMade(): void {
    clearTimeout(this.#justMade);
    this.#justMade = setTimeout(() => this.later(), 2 * JUST_MADE_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#justMade);
  }
}
