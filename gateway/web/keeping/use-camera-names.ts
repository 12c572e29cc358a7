import { useEffect, useState } from 'react';
import { readCamera } from '../api/cameras.ts';

/** Asked for side by side; the browser has six connections. */
const SIDE_BY_SIDE = 4;

/** What cameras are called, as it becomes known; a camera that cannot be read is called by its id. */
export function useCameraNames(ids: readonly string[]): (id: string) => string {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const wanted = [...new Set(ids)].filter((id) => !names.has(id)).join(',');
  useEffect(() => {
    const reading = new AbortController();
    const left = wanted.split(',').filter((id) => id !== '');
    async function readOn(): Promise<void> {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        const known = id;
        try {
          const { position, lao } = await readCamera(known, reading.signal);
          setNames((before) => new Map(before).set(known, `${position} · ${lao.name}`));
        } catch {
          if (reading.signal.aborted) return;
          setNames((before) => new Map(before).set(known, known));
        }
      }
    }
    for (let i = 0; i < SIDE_BY_SIDE; i++) void readOn();
    return () => reading.abort();
  }, [wanted]);
  return (id) => names.get(id) ?? '…';
}
