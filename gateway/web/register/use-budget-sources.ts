import { useEffect, useState } from 'react';
import { readBudgetSources } from '../api/lists.ts';

/** Names of budget sources, as the list has them. Undefined until they are here, and where they cannot be had. */
export function useBudgetSources(): string[] | undefined {
  const [names, setNames] = useState<string[]>();
  useEffect(() => {
    const asking = new AbortController();
    readBudgetSources(asking.signal).then(
      (sources) => setNames(sources.map(({ name }) => name)),
      () => {
        // Without them the field takes what is typed.
      },
    );
    return () => asking.abort();
  }, []);
  return names;
}
