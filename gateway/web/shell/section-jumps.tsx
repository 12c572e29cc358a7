import type { ReactNode } from 'react';
import { useLanguage } from '../use-language.ts';

/** A part of a long page, which SectionJumps lead to. */
export function Section(props: { id: string; children: ReactNode }) {
  return (
    <div id={props.id} className="page-section" tabIndex={-1}>
      {props.children}
    </div>
  );
}

/**
 * On a phone, the parts of a long page stand behind one another: one press leads to each. The address is the route's, so
 * these are buttons and no anchors. `sections`: only those that are on the page.
 */
export function SectionJumps(props: { sections: readonly { id: string; label: string }[] }) {
  const { t } = useLanguage();
  return (
    <nav className="section-jumps" aria-label={t('sections')}>
      {props.sections.map(({ id, label }) => (
        <button
          key={id}
          type="button"
          onClick={() => {
            const section = document.getElementById(id);
            section?.scrollIntoView({ block: 'start' });
            section?.focus({ preventScroll: true });
          }}
        >
          {label}
        </button>
      ))}
    </nav>
  );
}
