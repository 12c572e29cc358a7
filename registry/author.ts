/** Who makes a change, as history keeps it. */
export interface Author {
  id: string;
  name: string;
  /** The LAO that the change was entered for by somebody else, its district. */
  proxyFor: string | null;
}

/** Changes that nobody made: those of the gateway itself, and of times before there were accounts. */
export const systemAuthor: Author = { id: 'system', name: 'gateway', proxyFor: null };
