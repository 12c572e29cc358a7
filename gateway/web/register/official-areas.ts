import { useEffect, useState } from 'react';
import type { AreaNames } from './area-names.ts';

let loading: Promise<AreaNames> | undefined;

/** Provinces and districts, loaded when a form first asks for them. Undefined until then, and where they cannot be had. */
export function useAreaNames(): AreaNames | undefined {
  const [names, setNames] = useState<AreaNames>();
  useEffect(() => {
    loading ??= import('./area-names.ts').then(({ areaNames }) => areaNames());
    // Without them the fields take what is typed.
    loading.then(setNames, () => {
      loading = undefined;
    });
  }, []);
  return names;
}
