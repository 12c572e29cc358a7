import { stateName } from './state-words.ts';
import { useLanguage } from './use-language.ts';
import type { LiveStateName } from './wire.ts';

/** A dot and a word: never colour alone. */
export function StateBadge({ state }: { state: LiveStateName }) {
  const { language } = useLanguage();
  return (
    <span className="state-badge" data-state={state}>
      <i className="state-dot" data-state={state} />
      {stateName(state, language)}
    </span>
  );
}
