import { Alert, Button, Group, Loader, Text, Title } from '@mantine/core';
import { moment } from './buddhist-date.ts';
import { routeHash } from './route.ts';
import { useSignedIn } from './shell/signed-in.ts';
import { useLanguage } from './use-language.ts';

/** The gateway does not answer; the page tries again by itself. */
export function GatewayLost(props: { heardAtMs: number | null; onRetry: () => void }) {
  const { t, language } = useLanguage();
  const { heardAtMs } = props;
  return (
    <Alert
      className="notice-lost"
      color="red"
      variant="filled"
      role="alert"
      title={t('lost.title')}
    >
      <div className="notice-lost-line">
        <span>
          {heardAtMs === null
            ? t('lost.never')
            : t('lost.old', {
                time: moment(new Date(heardAtMs).toISOString(), Date.now(), language),
              })}
        </span>
        <Button size="compact-sm" variant="white" color="dark" onClick={props.onRetry}>
          {t('lost.now')}
        </Button>
      </div>
    </Alert>
  );
}

export function Loading() {
  const { t } = useLanguage();
  return (
    <div className="notice" role="status">
      <Loader size="sm" color="gray" />
      <Text>{t('loading')}</Text>
    </div>
  );
}

/** No camera matches the filter. */
export function NothingFound({ onClear }: { onClear: () => void }) {
  const { t } = useLanguage();
  return (
    <div className="notice" role="status">
      <Title order={2}>{t('nothingFound.title')}</Title>
      <Button variant="default" onClick={onClear}>
        {t('nothingFound.clear')}
      </Button>
    </div>
  );
}

/** Nobody has registered a camera in one's area: what to do first, for whom it is to do. */
export function EmptyRegister() {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  return (
    <div className="notice">
      <Title order={2}>{t('empty.title')}</Title>
      <Text>{may('camera.create') ? t('register.emptyWords') : t('register.emptyOthers')}</Text>
      <Group justify="center">
        {may('camera.import') && (
          <Button component="a" href={routeHash({ view: 'import' })}>
            {t('register.import')}
          </Button>
        )}
        {may('camera.create') && (
          <Button component="a" variant="default" href={routeHash({ view: 'new' })}>
            {t('register.add')}
          </Button>
        )}
      </Group>
      <Text c="dimmed">{t('empty.appears')}</Text>
    </div>
  );
}
