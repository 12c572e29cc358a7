/** RTSP requests as a server reads them, RFC 2326 §6; interleaved frames from the client (RTCP) are passed over. */

/** Header names in lower case; of a header that comes twice the last one counts. */
export interface RtspRequest {
  method: string;
  url: string;
  headers: ReadonlyMap<string, string>;
}

/** What came is neither a request nor an interleaved frame, or has no end. */
export class MalformedRequest extends Error {
  readonly code = 'malformed_request';
}

const MAX_UNREAD_BYTES = 64 * 1024 + 4;
const DOLLAR = 0x24;
const END_OF_HEAD = '\r\n\r\n';

/** Reads requests from what comes on one connection, in whatever pieces. */
export class RequestReader {
  #unread: Buffer = Buffer.alloc(0);

  /** The requests that are whole now. Throws MalformedRequest. */
  feed(bytes: Buffer): RtspRequest[] {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    const requests: RtspRequest[] = [];
    let at = 0;
    for (;;) {
      const rest = this.#unread.subarray(at);
      if (rest[0] === DOLLAR) {
        if (rest.length < 4 || rest.length < 4 + rest.readUInt16BE(2)) break;
        at += 4 + rest.readUInt16BE(2);
        continue;
      }
      const headEnd = rest.indexOf(END_OF_HEAD);
      if (headEnd < 0) break;
      const request = parseRequest(rest.toString('latin1', 0, headEnd));
      const bodyBytes = Number(request.headers.get('content-length') ?? 0);
      if (!(bodyBytes >= 0 && bodyBytes < MAX_UNREAD_BYTES)) {
        throw new MalformedRequest('Content-Length is out of range');
      }
      const end = headEnd + END_OF_HEAD.length + bodyBytes;
      if (rest.length < end) break;
      requests.push(request);
      at += end;
    }
    this.#unread = Buffer.from(this.#unread.subarray(at));
    if (this.#unread.length > MAX_UNREAD_BYTES) throw new MalformedRequest('no end of a request');
    return requests;
  }
}

function parseRequest(head: string): RtspRequest {
  const [first = '', ...lines] = head.split('\r\n');
  const line = /^([A-Z_]{1,32}) (\S+) RTSP\/1\.\d$/.exec(first);
  if (line === null) throw new MalformedRequest('the first line is not an RTSP request line');
  const headers = new Map<string, string>();
  for (const header of lines) {
    const colon = header.indexOf(':');
    if (colon > 0)
      headers.set(header.slice(0, colon).trim().toLowerCase(), header.slice(colon + 1).trim());
  }
  return { method: line[1] ?? '', url: line[2] ?? '', headers };
}
