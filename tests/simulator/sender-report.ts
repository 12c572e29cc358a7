/** Seconds from 1900 (NTP) to 1970 (Unix), RFC 3550 §4. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
const SENDER_REPORT = 200;
const SOURCE_DESCRIPTION = 202;
const CNAME = 'sim';
const REPORT_BYTES = 28;
const DESCRIPTION_BYTES = 16;

/**
 * One interleaved frame with an RTCP sender report and the description that goes with it (RFC 3550 §6.4.1, §6.5):
 * what Unix time `atMs` is as an RTP timestamp, and how much was sent.
 */
export function senderReport(options: {
  channel: number;
  synchronisationSource: number;
  atMs: number;
  timestamp: number;
  packets: number;
  payloadBytes: number;
}): Buffer {
  const frame = Buffer.alloc(4 + REPORT_BYTES + DESCRIPTION_BYTES);
  frame[0] = 0x24;
  frame[1] = options.channel;
  frame.writeUInt16BE(REPORT_BYTES + DESCRIPTION_BYTES, 2);
  const report = frame.subarray(4);
  report[0] = 0x80;
  report[1] = SENDER_REPORT;
  report.writeUInt16BE(REPORT_BYTES / 4 - 1, 2);
  report.writeUInt32BE(options.synchronisationSource, 4);
  const seconds = options.atMs / 1000;
  report.writeUInt32BE((Math.floor(seconds) + NTP_TO_UNIX_SECONDS) >>> 0, 8);
  report.writeUInt32BE(Math.floor((seconds % 1) * 0x1_0000_0000) >>> 0, 12);
  report.writeUInt32BE(options.timestamp >>> 0, 16);
  report.writeUInt32BE(options.packets >>> 0, 20);
  report.writeUInt32BE(options.payloadBytes >>> 0, 24);
  const description = report.subarray(REPORT_BYTES);
  description[0] = 0x81;
  description[1] = SOURCE_DESCRIPTION;
  description.writeUInt16BE(DESCRIPTION_BYTES / 4 - 1, 2);
  description.writeUInt32BE(options.synchronisationSource, 4);
  description[8] = 1;
  description[9] = CNAME.length;
  description.write(CNAME, 10, 'latin1');
  return frame;
}
