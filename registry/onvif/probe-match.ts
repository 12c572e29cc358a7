import { SaxParser } from '@cj-tech-master/excelts/xml';

/** WS-Discovery needs 6. */
const MAX_DEPTH = 32;

/** What a device answers to a Probe (WS-Discovery 1.0 §5.3). */
export interface ProbeMatch {
  /** The MessageID that it answers. */
  relatesTo: string;
  scopes: string[];
  /** Addresses of its device service. */
  addresses: string[];
}

const kept = { RelatesTo: 'relatesTo', Scopes: 'scopes', XAddrs: 'addresses' } as const;
type Kept = keyof typeof kept;

/** The first match; undefined: it is none. Document types are refused, and with them every entity but XML's own. */
export function readProbeMatch(xml: string): ProbeMatch | undefined {
  if (/<!DOCTYPE/i.test(xml)) return undefined;
  const texts: Record<Kept, string | undefined> = {
    RelatesTo: undefined,
    Scopes: undefined,
    XAddrs: undefined,
  };
  let open: Kept | undefined;
  let matches = 0;
  const parser = new SaxParser({ position: false, maxDepth: MAX_DEPTH });
  parser.on('opentag', ({ name }) => {
    const local = localName(name);
    if (local === 'ProbeMatch') matches++;
    open = matches <= 1 && local in kept ? (local as Kept) : undefined;
  });
  parser.on('text', (text: string) => {
    if (open !== undefined) texts[open] = (texts[open] ?? '') + text;
  });
  parser.on('closetag', () => {
    open = undefined;
  });
  try {
    parser.write(xml);
    parser.close();
  } catch {
    return undefined;
  }
  if (matches === 0 || texts.RelatesTo === undefined) return undefined;
  return {
    relatesTo: texts.RelatesTo.trim(),
    scopes: words(texts.Scopes),
    addresses: words(texts.XAddrs),
  };
}

function words(list: string | undefined): string[] {
  return (list ?? '').split(/\s+/u).filter((word) => word !== '');
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
