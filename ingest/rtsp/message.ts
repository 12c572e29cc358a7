/** RTSP/1.0 messages, RFC 2326 §4-7. */

/** A reply's head. Header names in lower case, each with its values in order. */
export interface RtspReply {
  status: number;
  reason: string;
  headers: ReadonlyMap<string, readonly string[]>;
}

/** What came is not an RTSP message. */
export class MalformedReply extends Error {
  readonly code = 'malformed_reply';
}

const MAX_HEADERS = 100;

/** A head without its empty last line. Policy `folded-headers`: folded lines (RFC 2326 §4.2) are joined. Throws MalformedReply. */
export function parseReply(head: string): RtspReply {
  const reply = parseHead(head, /^RTSP\/\d\.\d +(\d{3})(?: +(.*))?$/i);
  if (reply === undefined) throw new MalformedReply('the first line is not an RTSP status line');
  return reply;
}

/** The same of an HTTP answer (RFC 9112 §4); undefined if it is none. */
export function parseHttpReply(head: string): RtspReply | undefined {
  return parseHead(head, /^HTTP\/\d\.\d +(\d{3})(?: +(.*))?$/i);
}

function parseHead(head: string, statusLine: RegExp): RtspReply | undefined {
  const lines = head.replaceAll('\0', '').split(/\r\n|\n|\r/);
  const status = statusLine.exec(lines[0] ?? '');
  if (status === null) return undefined;
  const headers = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const line of lines.slice(1, MAX_HEADERS)) {
    if (/^[ \t]/.test(line) && values !== undefined) {
      values.push(`${values.pop() ?? ''} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    values = headers.get(name) ?? [];
    values.push(line.slice(colon + 1).trim());
    headers.set(name, values);
  }
  return { status: Number(status[1]), reason: status[2] ?? '', headers };
}

export function header(reply: RtspReply, name: string): string | undefined {
  return reply.headers.get(name)?.[0];
}

/** Content-Length of a head, 0 without one. Throws MalformedReply. */
export function contentLength(head: string): number {
  const value = /^content-length[ \t]*:[ \t]*([^\r\n]*)$/im.exec(head)?.[1];
  if (value === undefined) return 0;
  if (!/^\d{1,9}\s*$/.test(value)) throw new MalformedReply('Content-Length is not a number');
  return Number(value);
}

/** One request as bytes. Values come from us or from a parsed URL: line breaks in them are refused. */
export function formatRequest(
  method: string,
  url: string,
  headers: ReadonlyArray<readonly [string, string]>,
): string {
  const lines = [`${method} ${url} RTSP/1.0`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const bad = lines.find((line) => /[\r\n\0]/.test(line));
  if (bad !== undefined) throw new TypeError('a line break in an RTSP request');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
