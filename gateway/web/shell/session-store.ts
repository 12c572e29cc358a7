import { useSyncExternalStore } from 'react';
import { ApiError, askAs, whenSomebodyElse } from '../api/call.ts';
import { readSession, type Session } from '../api/session.ts';
import { isAway, whenBack } from './gateway-back.ts';

/**
 * Who sits at this page: read once at its start, whenever an answer says that it is nobody or somebody else, and when the page is
 * looked at again (main.tsx).
 */
export type SessionState =
  | { kind: 'reading' }
  | { kind: 'unreachable'; error: ApiError }
  | {
      kind: 'known';
      session: Session;
      /** The session ended by itself while somebody worked at this page. */
      ended?: true;
      /** Whose page this was until the other signed in with this browser, elsewhere than here; what still runs for them is asked as theirs. */
      instead?: Signed;
    };

type Signed = NonNullable<Session['person']>;

export interface SessionStore {
  state: () => SessionState;
  subscribe: (listener: () => void) => () => void;
  /** An answer that told who is signed in now. */
  take: (session: Session) => void;
  read: () => Promise<void>;
}

export function startSession(): SessionStore {
  const listeners = new Set<() => void>();
  let state: SessionState = { kind: 'reading' };
  let reading: Promise<void> | undefined;

  function become(next: SessionState): void {
    state = next;
    askAs(next.kind === 'known' ? ((next.instead ?? next.session.person)?.id ?? null) : null);
    for (const listener of listeners) listener();
  }

  async function readAnew(): Promise<void> {
    try {
      const session = await readSession();
      const before = state.kind === 'known' ? state : undefined;
      const was = before?.instead ?? before?.session.person;
      const isOther = was != null && session.person !== null && was.id !== session.person.id;
      const ended = was != null && session.state === 'signed-out';
      become({
        kind: 'known',
        session,
        ...(isOther && { instead: was }),
        ...((ended || (before?.ended && session.person === null)) && { ended: true }),
      });
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError('no_answer', String(error));
      // What is on the screen stays there while the network is away.
      if (state.kind === 'known') return;
      become({ kind: 'unreachable', error: known });
      if (isAway(known)) whenBack(() => void read());
    }
  }

  /** Twenty refused answers at once are one question. */
  function read(): Promise<void> {
    reading ??= readAnew().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  whenSomebodyElse(() => void read());
  void read();
  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    take: (session) => become({ kind: 'known', session }),
    read,
  };
}

export function useSessionState(store: SessionStore): SessionState {
  return useSyncExternalStore(store.subscribe, store.state);
}
