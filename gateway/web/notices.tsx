import { Alert, Button, Code, CopyButton, Loader, Text, Title } from '@mantine/core';
import { moment } from './buddhist-date.ts';
import { firstCameraCommand } from './first-camera.ts';
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

/** A new installation: says how the first camera comes in. */
export function EmptyRegister() {
  const { t } = useLanguage();
  const command = firstCameraCommand(window.location.origin);
  return (
    <div className="notice notice-wide">
      <Title order={2}>{t('empty.title')}</Title>
      <Text>{t('empty.add')}</Text>
      <div className="notice-command">
        <Code block tabIndex={0}>
          {command}
        </Code>
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {copied ? t('empty.copied') : t('empty.copy')}
            </Button>
          )}
        </CopyButton>
      </div>
      <Text c="dimmed">{t('empty.appears')}</Text>
      <Text>
        {t('empty.demo')} <Code>npm run demo</Code>
      </Text>
    </div>
  );
}
