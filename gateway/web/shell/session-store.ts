import { useSyncExternalStore } from 'react';
import { ApiError, whenSignedOut } from '../api/call.ts';
import { readSession, type Session } from '../api/session.ts';

/**
 * Who sits at this page: read once at its start, and again whenever an answer says that nobody is signed in any more.
 */
export type SessionState =
  | { kind: 'reading' }
  | { kind: 'unreachable'; error: ApiError }
  | { kind: 'known'; session: Session };

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
    for (const listener of listeners) listener();
  }

  async function readAnew(): Promise<void> {
    try {
      become({ kind: 'known', session: await readSession() });
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError('no_answer', String(error));
      // What is on the screen stays there while the network is away.
      if (state.kind !== 'known') become({ kind: 'unreachable', error: known });
    }
  }

  /** Twenty refused answers at once are one question. */
  function read(): Promise<void> {
    reading ??= readAnew().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  whenSignedOut(() => void read());
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
