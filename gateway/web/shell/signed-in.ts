import { createContext, useContext } from 'react';
import type { Session } from '../api/session.ts';

/** The person at this page, for what lies below the frame. */
export interface SignedIn {
  person: NonNullable<Session['person']>;
  secondFactor: Session['secondFactor'];
  /** By the names of the gateway's policy: what is not theirs is not shown. The gateway refuses it all the same. */
  may: (action: string) => boolean;
  /** A camera of this LAO: whoever sees cameras of several areas may watch those of some. */
  mayWatch: (lao: { name: string; district: string; province: string }) => boolean;
  reread: () => Promise<void>;
}

export const SignedInContext = createContext<SignedIn | null>(null);

export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === null) throw new Error('drawn outside of the signed-in frame');
  return signedIn;
}
