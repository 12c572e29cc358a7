import { useEffect, useState } from 'react';
import { readNotices } from '../api/notices.ts';
import { routeHash } from '../route.ts';
import { useLanguage } from '../use-language.ts';
import { useRoute } from '../use-page-state.ts';

/** Cameras are looked at once a minute; asking oftener finds nothing new. */
const ASK_EVERY_MS = 60_000;

/** How many notices are unread, at the head of every screen. */
export function Bell() {
  const { t } = useLanguage();
  const { view } = useRoute();
  const [unread, setUnread] = useState(0);

  // Also when a screen is left: the inbox has been read there.
  useEffect(() => {
    const asking = new AbortController();
    const ask = (): void => {
      if (document.hidden) return;
      readNotices(null, asking.signal, 1).then(
        (page) => setUnread(page.unread),
        () => {
          // The next one asks again; whatever is wrong, the screen itself says so.
        },
      );
    };
    ask();
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => {
      clearInterval(timer);
      asking.abort();
    };
  }, [view]);

  return (
    <a
      className="bell"
      href={routeHash({ view: 'inbox' })}
      aria-label={t('inbox.bell', { count: unread })}
      title={t('inbox.title')}
    >
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <path
          d="M12 3a6 6 0 0 0-6 6v4l-2 3h16l-2-3V9a6 6 0 0 0-6-6Zm-2 15a2 2 0 0 0 4 0"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
          strokeLinejoin="round"
        />
      </svg>
      {unread > 0 && <span className="bell-count">{unread > 99 ? '99+' : unread}</span>}
    </a>
  );
}
