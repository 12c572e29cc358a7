import { Client } from 'pg';
import { DatabaseUnavailable } from './database.ts';
import type { Turn, TurnListener, TurnState } from './turn.ts';

/** For a connection, and for an answer. */
const ANSWER_MS = 10_000;

export interface TurnWaits {
  /** Who has it looks so often whether its connection lives. */
  beatMs: number;
  /** Who has not asks again after this. */
  askMs: number;
  /** Who lost its connection asks again after this, for the turn may be its own again. */
  againMs: number;
  /** Who did not have it and lost its connection: after a restart of the database, who had it has it first. */
  afterHolderMs: number;
}

const WAITS: TurnWaits = {
  beatMs: 10_000,
  askMs: 5_000,
  againMs: 1_000,
  afterHolderMs: 15_000,
};

/**
 * A turn as a session's lock (pg_try_advisory_lock, §9.28.10 of PostgreSQL's manual) on a connection of its own, which ends
 * with the process. Of a machine that lost its power PostgreSQL hears nothing: it looks whether the connection lives after 10 s
 * and gives up 15 s later. Who has the turn looks too, and knows at most 20 s after its last answer, before another can have it.
 * Throws DatabaseUnavailable when there is no first answer.
 */
export async function takePostgresTurn(
  url: string,
  name: string,
  onChanged: TurnListener,
  waits: TurnWaits = WAITS,
): Promise<PostgresTurn> {
  const turn = new PostgresTurn(url, name, onChanged, waits);
  await turn.start();
  return turn;
}

export class PostgresTurn implements Turn {
  readonly #url: string;
  readonly #name: string;
  readonly #onChanged: TurnListener;
  readonly #waits: TurnWaits;
  #state: TurnState = 'others';
  #client: Client | undefined;
  #closed = false;
  #wake: (() => void) | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(url: string, name: string, onChanged: TurnListener, waits: TurnWaits) {
    this.#url = url;
    this.#name = name;
    this.#onChanged = onChanged;
    this.#waits = waits;
  }

  get state(): TurnState {
    return this.#state;
  }

  async start(): Promise<void> {
    try {
      this.#state = await this.#ask();
    } catch (cause) {
      this.#hangUp();
      throw new DatabaseUnavailable('the database cannot be asked whose turn it is', { cause });
    }
    this.#done = this.#run();
  }

  async release(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#done;
    await this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#rest();
      if (this.#closed) return;
      try {
        this.#tell(await this.#ask());
      } catch {
        this.#hangUp();
      }
    }
  }

  async #ask(): Promise<TurnState> {
    this.#client ??= await this.#connect();
    if (this.#state === 'ours') {
      await this.#client.query('select 1');
      return 'ours';
    }
    const { rows } = await this.#client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken',
      [`cctv turn ${this.#name}`],
    );
    return rows[0]?.taken === true ? 'ours' : 'others';
  }

  async #connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: `cctv-linkage-gateway turn ${this.#name}`,
    });
    client.on('error', () => this.#gone(client));
    client.on('end', () => this.#gone(client));
    try {
      await client.connect();
      await client.query(
        `select set_config('tcp_keepalives_idle', '10', false),
           set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`,
      );
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    return client;
  }

  #gone(client: Client): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    if (this.#state === 'ours') this.#tell('lost');
    this.#wake?.();
  }

  #hangUp(): void {
    const client = this.#client;
    if (client === undefined) return;
    this.#gone(client);
    void client.end().catch(() => {});
  }

  #tell(state: TurnState): void {
    if (state === this.#state) return;
    this.#state = state;
    if (!this.#closed) this.#onChanged(state);
  }

  #waitMs(): number {
    switch (this.#state) {
      case 'ours':
        return this.#waits.beatMs;
      case 'lost':
        return this.#waits.againMs;
      case 'others':
        return this.#client === undefined ? this.#waits.afterHolderMs : this.#waits.askMs;
    }
  }

  /** As long as the state asks for, which may change meanwhile. */
  async #rest(): Promise<void> {
    for (;;) {
      const state = this.#state;
      const client = this.#client;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      let timer: NodeJS.Timeout | undefined;
      const passed = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, this.#waitMs());
      });
      if (!this.#closed) await Promise.race([passed, woken]);
      clearTimeout(timer);
      this.#wake = undefined;
      if (this.#closed || (state === this.#state && client === this.#client)) return;
    }
  }
}
