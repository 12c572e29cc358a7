/** Who makes a change, as history keeps it. */
export interface Author {
  id: string;
  name: string;
  /** The LAO that the change was entered for by somebody else, its district. */
  proxyFor: string | null;
}

/** Changes that nobody made: those of the gateway itself, and of times before there were accounts. */
export const systemAuthor: Author = { id: 'system', name: 'gateway', proxyFor: null };

/** As rows keep an author: of one nothing but this. */
export function authorText(author: Author): string {
  return JSON.stringify(keptOf(author));
}

/** Written by `authorText`, and by nothing else. */
export function authorOf(text: string): Author {
  return JSON.parse(text) as Author;
}

/** Who did something to a row, and what else is kept of the act, in one text; read by whoever wrote it. */
export function actText(author: Author, of: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ by: keptOf(author), ...of });
}

/** Callers may know more of somebody than is to be kept. */
function keptOf({ id, name, proxyFor }: Author): Author {
  return { id, name, proxyFor };
}
