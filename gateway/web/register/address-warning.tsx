import { Alert } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { isOutsideNetworks } from '../api/cameras.ts';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

const TYPED_AFTER_MS = 400;

/** Beneath an address that is typed: it can be saved, and will not be connected as the gateway is set up now. */
export function AddressWarning({ url }: { url: string }) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const [asked] = useDebouncedValue(url.trim(), TYPED_AFTER_MS);
  const mayAsk = may('camera.test') && asked !== '';
  // Where that cannot be told, nothing is said: saving says it too.
  const found = useLoaded(
    async (signal) => ({ asked, outside: mayAsk && (await isOutsideNetworks(asked, signal)) }),
    [asked, mayAsk],
  );
  if (found.value?.outside !== true || found.value.asked !== url.trim()) return null;
  return (
    <Alert color="yellow" variant="light" role="status">
      {t('camera.outsideNetworks')}
    </Alert>
  );
}
