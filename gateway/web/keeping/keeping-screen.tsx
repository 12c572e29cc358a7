import { Button, Title } from '@mantine/core';
import { deletionsAddress } from '../api/footage.ts';
import { routeHash } from '../route.ts';
import { Page } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLanguage } from '../use-language.ts';
import { HeldFootage } from './held-footage.tsx';
import { Shortenings } from './shortenings.tsx';

/** What is kept beyond its days, what will be kept for fewer, and what was deleted. */
export default function KeepingScreen() {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  return (
    <Page
      title={t('keeping.title')}
      actions={
        <Button component="a" variant="default" href={routeHash({ view: 'recordings', query: '' })}>
          {t('keeping.back')}
        </Button>
      }
    >
      <HeldFootage />
      <Shortenings />
      {may('deletions.read') && (
        <section className="card">
          <div className="card-head">
            <Title order={3}>{t('keeping.deletions.title')}</Title>
            <Button component="a" variant="default" href={deletionsAddress} download>
              {t('keeping.deletions.export')}
            </Button>
          </div>
          <p>{t('keeping.deletions.words')}</p>
        </section>
      )}
    </Page>
  );
}
