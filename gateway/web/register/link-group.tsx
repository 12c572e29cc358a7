import {
  Alert,
  Button,
  Checkbox,
  PasswordInput,
  Select,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { numbered } from '../camera-fields.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLanguage } from '../use-language.ts';
import type { FormPart } from './form-part.ts';
import { AddressWarning } from './address-warning.tsx';
import { transports } from './choices.ts';
import { ConnectionTester } from './connection-tester.tsx';
import { isClosed, isLinked, newStreamOf } from './draft.ts';
import { Group, Line } from './form-groups.tsx';
import { OnvifPanel } from './onvif-panel.tsx';

/** Fields 4 and 5, and the stream behind them; none of it for a closed area. */
export function LinkGroup(props: FormPart & { cameraId: string | null; hasPassword: boolean }) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const { hasPassword, cameraId, ...part } = props;
  const { draft, set, errorOf } = part;
  return (
    <Group title={t('group.link')}>
      {isClosed(draft) ? (
        <Alert color="yellow" variant="light" title={t('form.closed.title')}>
          {t('form.closed.words')}
        </Alert>
      ) : (
        <>
          <TagsInput
            label={numbered(4, t('field.linkedAgencies'))}
            description={t('form.agenciesHint')}
            value={draft.linkedAgencies}
            onChange={(linkedAgencies) => set({ linkedAgencies })}
            error={errorOf('linkedAgencies')}
          />
          <Line {...part} field="linkNetwork" label={numbered(5, t('field.linkNetwork'))} />
          <Checkbox
            label={t('form.linked')}
            checked={draft.linked}
            onChange={({ currentTarget }) => set({ linked: currentTarget.checked })}
          />
        </>
      )}
      {isLinked(draft) && (
        <>
          <TextInput
            label={t('form.url')}
            description={t('form.urlHint')}
            placeholder="rtsp://192.168.1.64:554/stream1"
            inputMode="url"
            spellCheck={false}
            autoComplete="off"
            value={draft.url}
            error={errorOf('url')}
            data-field="url"
            onChange={({ currentTarget }) => set({ url: currentTarget.value })}
          />
          <AddressWarning url={draft.url} />
          <div className="form-row">
            <TextInput
              label={t('form.username')}
              autoComplete="off"
              spellCheck={false}
              value={draft.username}
              error={errorOf('username')}
              data-field="username"
              onChange={({ currentTarget }) => set({ username: currentTarget.value })}
            />
            <PasswordInput
              label={t('form.password')}
              description={hasPassword ? t('form.passwordKept') : undefined}
              autoComplete="new-password"
              value={draft.password}
              error={errorOf('password')}
              data-field="password"
              onChange={({ currentTarget }) => set({ password: currentTarget.value })}
              visibilityToggleButtonProps={{ 'aria-label': t('door.showPassword') }}
            />
            <Select
              label={t('form.transport')}
              allowDeselect={false}
              value={draft.transport}
              data={transports.map((name) => ({
                value: name,
                label: t(`form.transports.${name}`),
              }))}
              onChange={(transport) => set({ transport: transport ?? 'auto' })}
            />
          </div>
          <div className="form-row">
            <TextInput
              label={t('form.subUrl')}
              description={t('form.subUrlHint')}
              inputMode="url"
              spellCheck={false}
              autoComplete="off"
              value={draft.subUrl}
              error={errorOf('subUrl')}
              data-field="subUrl"
              onChange={({ currentTarget }) => set({ subUrl: currentTarget.value })}
            />
            <Line {...part} field="site" label={t('form.site')} hint={t('form.siteHint')} />
          </div>
          <AddressWarning url={draft.subUrl} />
          <TextInput
            label={t('form.snapshotUrl')}
            description={t('form.snapshotUrlHint')}
            placeholder="http://192.168.1.64/onvif/snapshot"
            inputMode="url"
            spellCheck={false}
            autoComplete="off"
            value={draft.snapshotUrl}
            error={errorOf('snapshotUrl')}
            data-field="snapshotUrl"
            onChange={({ currentTarget }) => set({ snapshotUrl: currentTarget.value })}
          />
          <AddressWarning url={draft.snapshotUrl} />
          <div className="checks">
            <Checkbox
              label={t('form.sound')}
              checked={draft.sound}
              onChange={({ currentTarget }) => set({ sound: currentTarget.checked })}
            />
            <Checkbox
              label={t('form.record')}
              checked={draft.record}
              onChange={({ currentTarget }) => set({ record: currentTarget.checked })}
            />
          </div>
          {may('camera.test') && (
            <>
              <ConnectionTester stream={newStreamOf(draft)} />
              <OnvifPanel draft={draft} set={set} cameraId={cameraId} />
            </>
          )}
          <OtherChannels {...part} />
        </>
      )}
    </Group>
  );
}

/** What will be registered with the form's own camera, and may be left out again. */
function OtherChannels({ draft, set }: FormPart) {
  const { t } = useLanguage();
  if (draft.channels.length === 0) return null;
  return (
    <section className="other-channels" aria-label={t('form.channels')}>
      <p>{t('form.channels')}</p>
      <ul className="plain-list">
        {draft.channels.map((channel) => (
          <li key={channel.url}>
            {channel.position} · {channel.url}{' '}
            <Button
              variant="default"
              size="compact-xs"
              aria-label={`${t('form.leaveOut')} ${channel.position}`}
              onClick={() => set({ channels: draft.channels.filter((one) => one !== channel) })}
            >
              {t('form.leaveOut')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
