import { describe, expect, test } from 'vitest';
import { CameraClock } from '#ingest/rtp/camera-clock.ts';
import { ReceptionStatistics, senderReportIn } from '#ingest/rtp/rtcp.ts';
import { senderReport } from '#tests/simulator/sender-report.ts';

const AT_MS = Date.UTC(2026, 10, 25, 12, 0, 0, 250);

/** As the simulator, which has its own writer, sends it: without the interleaved header. */
function reportAt(atMs: number): Buffer {
  return senderReport({
    channel: 1,
    synchronisationSource: 0xaabbccdd,
    atMs,
    timestamp: 0x11223344,
    packets: 10,
    payloadBytes: 1000,
  }).subarray(4);
}

function rtp(sequence: number, timestamp = 0, source = 9): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[0] = 0x80;
  bytes.writeUInt16BE(sequence & 0xffff, 2);
  bytes.writeUInt32BE(timestamp, 4);
  bytes.writeUInt32BE(source, 8);
  return bytes;
}

describe('a sender report', () => {
  test('tells the sender’s wall time and what it was on the media clock', () => {
    const bytes = reportAt(AT_MS);
    const report = senderReportIn(bytes, 0, bytes.length);
    expect(report).toMatchObject({ source: 0xaabbccdd, rtpTimestamp: 0x11223344 });
    expect(report?.wallMs).toBeCloseTo(AT_MS, 3);
    expect(report?.middle).toBe(bytes.readUInt32BE(10));
  });

  test('after 2036 counts from a new era', () => {
    const bytes = reportAt(Date.UTC(2040, 0, 1));
    expect(senderReportIn(bytes, 0, bytes.length)?.wallMs).toBeCloseTo(Date.UTC(2040, 0, 1), 3);
  });

  test('of a sender without a clock, cut short, or of another version is none', () => {
    const zero = reportAt(AT_MS);
    zero.writeUInt32BE(0, 8);
    expect(senderReportIn(zero, 0, zero.length)).toBeUndefined();
    const bytes = reportAt(AT_MS);
    for (let length = 0; length < 28; length++) {
      expect(senderReportIn(bytes, 0, length)).toBeUndefined();
    }
    bytes[0] = 0;
    expect(senderReportIn(bytes, 0, bytes.length)).toBeUndefined();
  });
});

describe('a receiver report', () => {
  test('tells what was lost, the highest number over the wrap, and answers the last report', () => {
    const statistics = new ReceptionStatistics(90_000);
    expect(statistics.receiverReport(1, 0)).toBeUndefined();
    // 10 expected, 8 came; two of them out of order.
    for (const sequence of [65_530, 65_531, 65_533, 65_532, 65_535, 0, 2, 3]) {
      statistics.packet(rtp(sequence), 0);
    }
    const bytes = reportAt(AT_MS);
    const heard = senderReportIn(bytes, 0, bytes.length);
    if (heard === undefined) throw new Error('no report');
    statistics.senderReport(heard, 1_000);
    const report = statistics.receiverReport(0x01020304, 3_000);
    if (report === undefined) throw new Error('no report');
    expect(report.readUInt32BE(4)).toBe(0x01020304);
    expect(report.readUInt32BE(8)).toBe(9);
    expect(report[12]).toBe(Math.floor((2 / 10) * 256));
    expect(report.readUIntBE(13, 3)).toBe(2);
    expect(report.readUInt32BE(16)).toBe(0x10003);
    expect(report.readUInt32BE(24)).toBe(heard.middle);
    expect(report.readUInt32BE(28)).toBe(2 * 65_536);
    // A compound packet: the description follows, and each length is right.
    expect(report[1]).toBe(201);
    expect((report.readUInt16BE(2) + 1) * 4).toBe(32);
    expect(report[33]).toBe(202);
    expect(32 + (report.readUInt16BE(34) + 1) * 4).toBe(report.length);
    // Nothing lost since.
    statistics.packet(rtp(4), 0);
    expect(statistics.receiverReport(1, 4_000)?.[12]).toBe(0);
  });

  test('jitter is that of RFC 3550, and no wrap of the timestamp adds to it', () => {
    const statistics = new ReceptionStatistics(90_000);
    const jitterOf = (): number => statistics.receiverReport(1, 0)?.readUInt32BE(20) ?? -1;
    statistics.packet(rtp(1, 2 ** 32 - 900), 0);
    statistics.packet(rtp(2, 0), 10);
    statistics.packet(rtp(3, 900), 20);
    expect(jitterOf()).toBe(0);
    // 10 ms late: 900 ticks, a sixteenth of them.
    statistics.packet(rtp(4, 1800), 40);
    expect(jitterOf()).toBe(56);
  });
});

describe('a camera’s clock', () => {
  test('is told by the least delayed of its last reports', () => {
    const clock = new CameraClock();
    expect(clock.offsetMs).toBeUndefined();
    const behindMs = 3_600_000;
    for (const delayMs of [80, 5, 200, 40]) {
      const bytes = reportAt(AT_MS - behindMs);
      const report = senderReportIn(bytes, 0, bytes.length);
      if (report !== undefined) clock.observe(report, AT_MS + delayMs);
    }
    expect(clock.offsetMs).toBe(-behindMs - 5);
  });
});
