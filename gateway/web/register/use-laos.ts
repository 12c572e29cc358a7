import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import * as z from 'zod/mini';
import { call, queryOf } from '../api/call.ts';

const laosOnWire = z.object({ laos: z.array(z.object({ name: z.string() })) });
const TYPED_AFTER_MS = 300;

/** Names of the LAOs that are listed in a district. Empty until they are here, and where they cannot be had. */
export function useLaos(province: string, district: string): string[] {
  const [names, setNames] = useState<string[]>([]);
  const [asked] = useDebouncedValue(queryOf({ province, district }), TYPED_AFTER_MS);
  const whole = province !== '' && district !== '';
  useEffect(() => {
    setNames([]);
    if (!whole) return undefined;
    const asking = new AbortController();
    call(laosOnWire, `/api/v1/laos${asked}`, { signal: asking.signal }).then(
      ({ laos }) => setNames([...new Set(laos.map(({ name }) => name))]),
      () => {
        // Without them the field takes what is typed.
      },
    );
    return () => asking.abort();
  }, [asked, whole]);
  return names;
}
