/** Where a camera's stream is pulled from, with its credentials: for ingest, never for an answer. */
export interface StreamSource {
  cameraId: string;
  /** Without credentials in the place RFC 3986 gives them; with those of its path or query. */
  url: string;
  username: string | null;
  password: string | null;
  transport: 'auto' | 'tcp' | 'udp';
  tls: StreamTls;
  /** Its pictures are kept. Default: they are not. */
  record?: boolean;
  /** Its record asks for sound; otherwise none is pulled. */
  sound?: boolean | undefined;
  site: StreamSite | null;
}

/** How the certificate of an address for TLS is verified. Never skipped unless somebody said so for this camera. */
export interface StreamTls {
  verify: 'system' | 'pin' | 'skip';
  /** SHA-256 of the certificate, upper case, with colons; what `pin` compares with. */
  fingerprint: string | null;
}

/** The line that a stream comes by, and what it can bear. Budgets are null where nobody set one. */
export interface StreamSite {
  id: string;
  /** Streams pulled from the site at once. */
  maxSessions: number | null;
  /** The same for each recorder box of it: streams whose addresses have one host. Many boxes allow two. */
  maxSessionsPerBox: number | null;
  /** What all of its streams together may take of its line. */
  uplinkBitsPerSecond: number | null;
}
