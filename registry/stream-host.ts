/**
 * The host of a stream's address in one spelling, to compare addresses by; what is dialled stays as it was given. Numbers are read
 * as whoever resolves them does, and as WHATWG's URL does for special schemes (§3.5, host parsing): 10.9 and 0x0a000009 are
 * 10.0.0.9, IPv6 has its shortest form (RFC 5952). Capitals make no other host, nor does the dot behind a whole name; a name of one
 * label is not whole, and is another one with its dot.
 */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  // rtsp: is no special scheme: what follows it stays as it is written.
  const parsed = URL.parse(`http://${lower}/`);
  // A port, a path or a user would have been none of the host.
  const isHost =
    parsed !== null && parsed.port === '' && parsed.username === '' && parsed.pathname === '/';
  const known = isHost && parsed.hostname !== '' ? parsed.hostname : lower;
  return /[^.]\.[^.]+\.$/u.test(known) ? known.slice(0, -1) : known;
}

/** Hosts that `canonicalHost` leaves as they are, for whoever compares 100,000: four plain numbers, and names that end in letters. */
export const PLAIN_HOST = String.raw`(?:(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})|(?:[a-z\d-]+\.)*[a-z][a-z\d-]*)`;

/** Of an address of any scheme; the address itself where it has none. */
export function hostOf(address: string): string {
  const host = URL.parse(address)?.hostname ?? '';
  return host === '' ? address : canonicalHost(host);
}
