/**
 * Where a redirection leads (RFC 2326 §11.3); undefined when it is not followed. Policy
 * `redirects`: what came by TLS goes on by TLS, and what came within HTTP stays within it.
 */
export function redirectTarget(
  from: string,
  location: string,
): { url: string; sameHost: boolean } | undefined {
  let to: URL;
  try {
    to = new URL(location);
  } catch {
    return undefined;
  }
  if (to.username !== '' || to.password !== '' || to.hostname === '') return undefined;
  const before = new URL(from);
  const wasSecure = before.protocol === 'rtsps:' || before.protocol === 'rtsp+https:';
  if (to.protocol !== 'rtsps:' && (to.protocol !== 'rtsp:' || wasSecure)) return undefined;
  const carrier = before.protocol.startsWith('rtsp+') ? before.protocol : to.protocol;
  return {
    url: carrier + location.slice(location.indexOf(':') + 1),
    sameHost: to.hostname === before.hostname,
  };
}
