import { Alert, Button, Checkbox, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { changeNoticeSettings, readNoticeSettings } from '../api/notices.ts';
import { Failure, ToTakeAway, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

/** By which ways notices go out beside this page. */
export function InboxSettings() {
  const { t } = useLanguage();
  const { person } = useSignedIn();
  const settings = useLoaded(readNoticeSettings, []);
  const act = useAct();
  const [typed, setTyped] = useState<string>();
  const [secret, setSecret] = useState<string | null>(null);
  const { value } = settings;

  async function change(part: { email?: boolean; webhookUrl?: string | null }): Promise<void> {
    const done = await act.run(async () => {
      const changed = await changeNoticeSettings(part);
      if (part.webhookUrl !== undefined) setSecret(changed.webhookSecret);
    });
    if (!done) return;
    setTyped(undefined);
    settings.reload();
  }

  const url = typed ?? value?.webhookUrl ?? '';
  return (
    <section className="card" aria-label={t('inbox.settings')}>
      <Title order={3}>{t('inbox.settings')}</Title>
      <Failure error={settings.error} onRetry={settings.reload} />
      {value === undefined && settings.loading && <Waiting />}
      {value !== undefined && (
        <>
          <Checkbox
            label={t('inbox.email', { address: person.email })}
            description={value.emailPossible ? undefined : t('inbox.emailOff')}
            checked={value.email}
            disabled={act.busy}
            onChange={({ currentTarget }) => void change({ email: currentTarget.checked })}
          />
          <form
            className="narrow-form"
            onSubmit={(event) => {
              event.preventDefault();
              void change({ webhookUrl: url.trim() });
            }}
          >
            <TextInput
              label={t('inbox.webhook')}
              description={t('inbox.webhookHint')}
              placeholder="https://"
              value={url}
              onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            />
            <div className="row-actions">
              <Button
                type="submit"
                variant="default"
                loading={act.busy}
                disabled={url.trim() === '' || url === value.webhookUrl}
              >
                {t('inbox.webhookSave')}
              </Button>
              {value.webhookUrl !== null && (
                <Button
                  variant="default"
                  disabled={act.busy}
                  onClick={() => void change({ webhookUrl: null })}
                >
                  {t('inbox.webhookRemove')}
                </Button>
              )}
            </div>
          </form>
          {secret !== null && (
            <>
              <p>{t('inbox.secret')}</p>
              <ToTakeAway label={t('inbox.secret')} text={secret} />
            </>
          )}
          <Failure error={act.error} />
          {value.lastFailure !== null && (
            <Alert color="yellow" variant="light">
              {t('inbox.lastFailure', { failure: value.lastFailure })}
            </Alert>
          )}
        </>
      )}
    </section>
  );
}
