import { Button } from '@mantine/core';
import { signOut } from '../api/session.ts';
import type { SessionStore } from '../shell/session-store.ts';
import { useLanguage } from '../use-language.ts';

/** Back to the first page of the door, for whoever came in as somebody else than meant. */
export function AnotherAccount({ store }: { store: SessionStore }) {
  const { t } = useLanguage();
  return (
    <Button
      variant="subtle"
      color="gray"
      onClick={() =>
        void signOut()
          .catch(() => {})
          .then(store.read)
      }
    >
      {t('door.other')}
    </Button>
  );
}
