import * as z from 'zod';

/** ONVIF Core §5.1.1: where every device has its device service. */
export const DEVICE_SERVICE_PATH = '/onvif/device_service';
const MAX_ADDRESS_LENGTH = 512;

/**
 * The address of a device service. A bare host or `host:port` is one too, at DEVICE_SERVICE_PATH. Credentials within it are
 * refused: they have fields of their own.
 */
export const deviceAddress = z
  .string()
  .trim()
  .min(1)
  .max(MAX_ADDRESS_LENGTH)
  .transform((given, context) => {
    const url = parse(given);
    const problem = url === undefined ? 'not the address of a device' : problemOf(url);
    if (url === undefined || problem !== undefined) {
      context.addIssue({ code: 'custom', message: problem ?? '' });
      return z.NEVER;
    }
    if (url.pathname === '/') url.pathname = DEVICE_SERVICE_PATH;
    return url.href;
  });

function parse(given: string): URL | undefined {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function problemOf(url: URL): string | undefined {
  if (url.protocol !== 'http:') return 'must begin with http://';
  if (url.username !== '' || url.password !== '') {
    return 'give user name and password in their own fields';
  }
  if (url.hostname === '' || url.port === '0') return 'not the address of a device';
  return undefined;
}
