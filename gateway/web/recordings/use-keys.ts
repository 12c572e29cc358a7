import { useEffect, useRef } from 'react';
import { keyAct, type KeyAct } from './keys.ts';

/** Keys of the whole page, unless somebody types, or a dialog has them. */
export function useKeys(act: (name: KeyAct) => void, listening: boolean): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!listening) return undefined;
    const pressed = (event: KeyboardEvent): void => {
      const { target } = event;
      const types =
        target instanceof HTMLElement &&
        target.closest('input, textarea, select, [role="listbox"], [role="dialog"]') !== null;
      if (types) return;
      const name = keyAct(event);
      if (name === undefined) return;
      // A button that has the focus is pressed by the space bar; it must not play as well.
      if (
        name === 'playPause' &&
        target instanceof HTMLElement &&
        target.closest('button, a, summary') !== null
      )
        return;
      event.preventDefault();
      latest.current(name);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [listening]);
}
