/** Packets that may lie ahead of a missing one. At 4 Mbit/s these are a fifth of a second; more is loss, not disorder. */
export const REORDER_MAX_PACKETS = 64;
/** How long a missing packet is waited for while others come. */
export const REORDER_MAX_MS = 120;
/** A step forward beyond this is another stream under the same name, RFC 3550 §A.1 (MAX_DROPOUT). */
const MAX_DROPOUT = 3_000;
/** A packet so far behind is late; further behind, the sender began anew (MAX_MISORDER). */
const MAX_MISORDER = 100;
const HEADER_BYTES = 12;
const SLOT_MASK = REORDER_MAX_PACKETS - 1;

/**
 * Puts the datagrams of one RTP stream back into the order in which they were sent (RFC 3550 §5.1), for the stages
 * behind it take every gap for a loss. In order they pass straight through; what lies ahead of a gap waits for it,
 * bounded in packets and in time. What waits is copied: a packet is valid during the call only.
 */
export class ReorderWindow {
  /** Came out of order and was put right; came twice; came when its gap had been given up. */
  reordered = 0;
  repeated = 0;
  late = 0;
  readonly #deliver: (packet: Buffer) => void;
  readonly #slots = Array.from<Buffer | undefined>({ length: REORDER_MAX_PACKETS });
  #held = 0;
  #started = false;
  /** Of the stream: its source, and the sequence number that is next. */
  #source = 0;
  #next = 0;
  /** Since when the gap in front of the held ones is waited for. */
  #gapMs = 0;

  constructor(deliver: (packet: Buffer) => void) {
    this.#deliver = deliver;
  }

  /** Packets that wait for one before them. */
  get held(): number {
    return this.#held;
  }

  push(packet: Buffer, nowMs: number): void {
    if (packet.length < HEADER_BYTES) {
      this.#deliver(packet); // counted as malformed where packets are read
      return;
    }
    const sequence = packet.readUInt16BE(2);
    const source = packet.readInt32BE(8);
    let ahead = (sequence - this.#next) & 0xffff;
    if (!this.#started || source !== this.#source) {
      this.flush();
      this.#started = true;
      this.#source = source;
      this.#next = sequence;
      ahead = 0;
    } else if (ahead >= 0x10000 - MAX_MISORDER) {
      this.late++;
      return;
    } else if (ahead > MAX_DROPOUT) {
      this.flush();
      this.#next = sequence;
      ahead = 0;
    }
    if (ahead === 0) {
      if (this.#held > 0) this.reordered++;
      this.#pass(packet);
      if (this.#held > 0) this.#passHeld(nowMs);
      return;
    }
    if (ahead >= REORDER_MAX_PACKETS) {
      // The window moves on: what it leaves behind is lost.
      const first = (sequence - REORDER_MAX_PACKETS + 1) & 0xffff;
      while (this.#next !== first && this.#held > 0) this.#step();
      this.#next = first;
    }
    const slot = sequence & SLOT_MASK;
    if (this.#slots[slot] !== undefined) {
      this.repeated++;
      return;
    }
    if (this.#held === 0) this.#gapMs = nowMs;
    this.#slots[slot] = Buffer.from(packet);
    this.#held++;
    this.#passHeld(nowMs);
  }

  /** Called now and then: a gap is waited for no longer than its time. */
  tick(nowMs: number): void {
    if (this.#held === 0 || nowMs - this.#gapMs < REORDER_MAX_MS) return;
    while (this.#slots[this.#next & SLOT_MASK] === undefined)
      this.#next = (this.#next + 1) & 0xffff;
    this.#passHeld(nowMs);
  }

  /** What is held is handed on, gaps or not. */
  flush(): void {
    while (this.#held > 0) this.#step();
  }

  #passHeld(nowMs: number): void {
    const before = this.#held;
    while (this.#held > 0) {
      const packet = this.#slots[this.#next & SLOT_MASK];
      if (packet === undefined) break;
      this.#slots[this.#next & SLOT_MASK] = undefined;
      this.#held--;
      this.#pass(packet);
    }
    // Another gap: its time begins now.
    if (this.#held > 0 && this.#held < before) this.#gapMs = nowMs;
  }

  #step(): void {
    const slot = this.#next & SLOT_MASK;
    const packet = this.#slots[slot];
    if (packet === undefined) {
      this.#next = (this.#next + 1) & 0xffff;
      return;
    }
    this.#slots[slot] = undefined;
    this.#held--;
    this.#pass(packet);
  }

  #pass(packet: Buffer): void {
    this.#next = (this.#next + 1) & 0xffff;
    this.#deliver(packet);
  }
}
