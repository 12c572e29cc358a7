import { useCallback, useEffect, useState, type DependencyList } from 'react';
import { ApiError } from '../api/call.ts';
import { isAway, whenBack } from './gateway-back.ts';

export interface Loaded<Value> {
  /** The last that was read; it stays while the next is read. */
  value: Value | undefined;
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
}

/**
 * Reads from the API when `dependencies` change; what was asked for before is given up. Where the gateway does not answer, it
 * is read as soon as it does.
 */
export function useLoaded<Value>(
  read: (signal: AbortSignal) => Promise<Value>,
  dependencies: DependencyList,
): Loaded<Value> {
  const [value, setValue] = useState<Value>();
  const [error, setError] = useState<ApiError>();
  const [loading, setLoading] = useState(true);
  const [times, setTimes] = useState(0);
  useEffect(() => {
    const reading = new AbortController();
    const settle = async (signal: AbortSignal): Promise<void> => {
      try {
        const found = await read(signal);
        if (signal.aborted) return;
        setValue(found);
        setError(undefined);
      } catch (failure) {
        if (signal.aborted) return;
        setError(apiErrorOf(failure));
      }
      setLoading(false);
    };
    setLoading(true);
    void settle(reading.signal);
    return () => reading.abort();
    // `read` is made anew at every drawing; `dependencies` say when it is another one.
  }, [...dependencies, times]);
  const reload = useCallback(() => setTimes((before) => before + 1), []);
  useEffect(() => (isAway(error) ? whenBack(reload) : undefined), [error, reload]);
  return { value, error, loading, reload };
}

/** One act at a time: signing in, saving, deleting. `run` resolves to false when it failed. */
export function useAct(): {
  busy: boolean;
  error: ApiError | undefined;
  clear: () => void;
  run: (act: () => Promise<unknown>) => Promise<boolean>;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const run = useCallback(async (act: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
      return true;
    } catch (failure) {
      setError(apiErrorOf(failure));
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(undefined), []);
  return { busy, error, clear, run };
}

/** What is no answer of the gateway is a fault of this page: it is told, and logged for whoever repairs it. */
export function apiErrorOf(failure: unknown): ApiError {
  if (failure instanceof ApiError) return failure;
  console.error(failure);
  return new ApiError('page_failed', String(failure), { cause: failure });
}
