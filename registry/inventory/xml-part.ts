import { SaxParser } from '@cj-tech-master/excelts/xml';
import { WorkbookRefused } from './workbook-refused.ts';

export interface XmlHandlers {
  /** Local names, without their prefixes. */
  open?: (name: string, attributes: Readonly<Record<string, string>>) => void;
  text?: (text: string) => void;
  close?: (name: string) => void;
}

/** Who sees each piece of decoded text before the parser, and gives it what is the parser's. */
export interface XmlFeed {
  piece: (text: string, parse: (xml: string) => void) => void;
  /** No more is to come. */
  end: (parse: (xml: string) => void) => void;
}

const everything: XmlFeed = { piece: (text, parse) => parse(text), end: () => {} };

const DOCTYPE = '<!DOCTYPE';
/** SpreadsheetML needs 8. */
const MAX_DEPTH = 64;

/**
 * Reads one XML part of a workbook. UTF-8 only, which is what every writer writes; a document type, and with it every
 * entity that is not of XML itself, is refused (ISO/IEC 29500-2 §6.1.4 forbids it in packages).
 * Throws WorkbookRefused. Control goes back to the caller's `for await` after each piece.
 */
export async function readXml(
  pieces: AsyncIterable<Uint8Array>,
  handlers: XmlHandlers,
): Promise<void> {
  for await (const _piece of xmlPieces(pieces, handlers));
}

/** The same, yielding after each piece. */
export async function* xmlPieces(
  pieces: AsyncIterable<Uint8Array>,
  { open, text, close }: XmlHandlers,
  feed = everything,
): AsyncGenerator<void> {
  const parser = new SaxParser({ position: false, maxDepth: MAX_DEPTH });
  if (open !== undefined)
    parser.on('opentag', (tag) => open(localName(tag.name), attributesOf(tag)));
  if (text !== undefined) {
    parser.on('text', text);
    parser.on('cdata', text);
  }
  if (close !== undefined) parser.on('closetag', (tag) => close(localName(tag.name)));
  const parse = (xml: string): void => {
    if (xml !== '') parser.write(xml);
  };
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let tail = '';
  try {
    for await (const piece of pieces) {
      const decoded = decoder.decode(piece, { stream: true });
      if ((tail + decoded).includes(DOCTYPE)) throw new WorkbookRefused('document_type');
      tail = decoded.slice(-DOCTYPE.length);
      feed.piece(decoded, parse);
      yield;
    }
    decoder.decode();
    feed.end(parse);
    parser.close();
  } catch (cause) {
    if (cause instanceof WorkbookRefused) throw cause;
    throw new WorkbookRefused('damaged', undefined, { cause });
  }
}

function attributesOf(tag: { attributes: unknown }): Readonly<Record<string, string>> {
  return tag.attributes as Readonly<Record<string, string>>;
}

function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}
