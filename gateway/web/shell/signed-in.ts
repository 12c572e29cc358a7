import { createContext, useContext } from 'react';
import type { Place } from '../api/areas.ts';
import type { Session } from '../api/session.ts';

/** The person at this page, for what lies below the frame. */
export interface SignedIn {
  person: NonNullable<Session['person']>;
  secondFactor: Session['secondFactor'];
  /**
   * By the names of the gateway's policy: what is not theirs is not shown. The gateway refuses it all the same. With the LAO
   * of a camera, whether they may do it to that one: who sees cameras of several areas may act on those of some. Without,
   * whether they may do it anywhere.
   */
  may: (action: string, lao?: Place) => boolean;
  reread: () => Promise<void>;
}

export const SignedInContext = createContext<SignedIn | null>(null);

export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === null) throw new Error('drawn outside of the signed-in frame');
  return signedIn;
}
