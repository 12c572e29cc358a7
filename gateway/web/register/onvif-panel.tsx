import { Alert, Button, Checkbox, Radio, Table, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { discoverDevices, probeDevice, type DeviceProbe, type Discovery } from '../api/onvif.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { isReadField, type Draft, type ReadField } from './draft.ts';
import { fieldLabel, fieldValueWords } from './field-words.ts';

/**
 * Looks for devices on a named network, asks one what it is, and puts what the person ticks into the form: each value
 * beside what stands there. Nothing is taken over by itself.
 */
export function OnvifPanel(props: {
  draft: Draft;
  /** Null: not registered yet. */
  cameraId: string | null;
  set: (part: Partial<Draft>) => void;
}) {
  const { t } = useLanguage();
  const { draft, cameraId, set } = props;
  const [open, setOpen] = useState(false);
  const [network, setNetwork] = useState('');
  const [address, setAddress] = useState(() => hostOf(draft.url));
  const [found, setFound] = useState<Discovery>();
  const [probe, setProbe] = useState<DeviceProbe>();
  const asking = useRef<AbortController>(undefined);
  const act = useAct();
  // What is still being asked is nobody's any more.
  useEffect(() => () => asking.current?.abort(), []);

  function ask<Answer>(
    question: (signal: AbortSignal) => Promise<Answer>,
    take: (answer: Answer) => void,
  ): void {
    const controller = new AbortController();
    asking.current = controller;
    void act.run(async () => {
      try {
        take(await question(controller.signal));
      } catch (error) {
        if (!controller.signal.aborted) throw error;
      }
    });
  }

  function probeAt(device: string): void {
    setAddress(device);
    setProbe(undefined);
    const username = draft.username === '' ? null : draft.username;
    const password = draft.password === '' ? null : draft.password;
    ask(
      (signal) => probeDevice({ address: device, username, password, cameraId }, signal),
      setProbe,
    );
  }

  if (!open) {
    return (
      <Button variant="subtle" onClick={() => setOpen(true)}>
        {t('onvif.open')}
      </Button>
    );
  }
  return (
    <section className="onvif" aria-label={t('onvif.open')}>
      <div className="onvif-ask">
        <TextInput
          label={t('onvif.network')}
          description={t('onvif.networkHint')}
          placeholder="192.168.1.0/24"
          spellCheck={false}
          value={network}
          onChange={({ currentTarget }) => setNetwork(currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={network.trim() === '' || act.busy}
          onClick={() => {
            setFound(undefined);
            ask((signal) => discoverDevices(network.trim(), signal), setFound);
          }}
        >
          {t('onvif.discover')}
        </Button>
      </div>
      {found !== undefined && (
        <div role="status">
          <p>{t('onvif.found', { count: found.devices.length, asked: found.asked })}</p>
          <ul className="plain-list">
            {found.devices.map((device) => (
              <li key={device.address}>
                <Button
                  variant="default"
                  size="compact-sm"
                  disabled={act.busy}
                  onClick={() => probeAt(device.address)}
                >
                  {t('onvif.askThis')}
                </Button>{' '}
                {[device.ip, device.name, device.hardware].filter(Boolean).join(' · ')}
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="onvif-ask">
        <TextInput
          label={t('onvif.device')}
          description={t('onvif.deviceHint')}
          placeholder="192.168.1.64"
          spellCheck={false}
          value={address}
          onChange={({ currentTarget }) => setAddress(currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={address.trim() === '' || act.busy}
          onClick={() => probeAt(address.trim())}
        >
          {t('onvif.probe')}
        </Button>
      </div>
      {act.busy && (
        <>
          <Waiting words={t('onvif.asking')} />
          <Button variant="default" onClick={() => asking.current?.abort()}>
            {t('cancel')}
          </Button>
        </>
      )}
      <Failure error={act.error} />
      {probe !== undefined && !act.busy && (
        <Told key={`${address} ${probe.detail}`} probe={probe} draft={draft} set={set} />
      )}
    </section>
  );
}

/** What the device told, beside what stands in the form. */
function Told({
  probe,
  draft,
  set,
}: {
  probe: DeviceProbe;
  draft: Draft;
  set: (part: Partial<Draft>) => void;
}) {
  const { t, language } = useLanguage();
  const told = probe.suggestions.flatMap(({ field, value }) =>
    isReadField(field) ? [{ field, value: String(value) }] : [],
  );
  const [ticked, setTicked] = useState<ReadonlySet<ReadField>>(
    () => new Set(told.filter(({ field }) => draft[field] === '').map(({ field }) => field)),
  );
  const [url, setUrl] = useState('');
  const [taken, setTaken] = useState(false);
  if (probe.result !== 'ok') {
    const known = [
      'unauthorised',
      'timeout',
      'refused',
      'not-onvif',
      'address-not-allowed',
    ] as const;
    const said = probe.result === 'unreachable' ? 'timeout' : probe.result;
    const result = known.find((name) => name === said) ?? 'other';
    return (
      <Alert color="red" variant="light" role="alert" title={t('onvif.failed')}>
        <p>{t(`onvif.result.${result}`)}</p>
        <code>{probe.detail}</code>
      </Alert>
    );
  }
  const addresses = probe.streams.flatMap(({ stream, resolution, encoding }) =>
    stream?.url == null
      ? []
      : [{ url: stream.url, elsewhere: stream.elsewhere, resolution, encoding }],
  );

  function take(): void {
    const values = Object.fromEntries(
      told.filter(({ field }) => ticked.has(field)).map(({ field, value }) => [field, value]),
    );
    set({
      ...values,
      ...(url === '' ? {} : { url }),
      readByOnvif: { ...draft.readByOnvif, ...values },
    });
    setTaken(true);
  }

  return (
    <>
      <Table className="stacked">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('onvif.use')}</Table.Th>
            <Table.Th>{t('onvif.inForm')}</Table.Th>
            <Table.Th>{t('onvif.told')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {told.map(({ field, value }) => (
            <Table.Tr key={field}>
              <Table.Td data-label={t('onvif.use')}>
                <Checkbox
                  label={fieldLabel(field, language)}
                  checked={ticked.has(field)}
                  onChange={({ currentTarget }) => {
                    const next = new Set(ticked);
                    if (currentTarget.checked) next.add(field);
                    else next.delete(field);
                    setTicked(next);
                    setTaken(false);
                  }}
                />
              </Table.Td>
              <Table.Td data-label={t('onvif.inForm')}>
                {fieldValueWords(field, draft[field], language)}
              </Table.Td>
              <Table.Td data-label={t('onvif.told')}>
                {fieldValueWords(field, value, language)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {addresses.length > 0 && (
        <Radio.Group
          label={t('onvif.address')}
          value={url}
          onChange={(chosen) => {
            setUrl(chosen);
            setTaken(false);
          }}
        >
          <Radio value="" label={t('onvif.noAddress')} />
          {addresses.map((one) => (
            <Radio
              key={one.url}
              value={one.url}
              label={[one.url, one.resolution, one.encoding].filter(Boolean).join(' · ')}
              description={one.elsewhere ? t('onvif.elsewhere') : undefined}
            />
          ))}
        </Radio.Group>
      )}
      <Button onClick={take} disabled={ticked.size === 0 && url === ''}>
        {t('onvif.take')}
      </Button>
      {taken && <p role="status">{t('onvif.taken')}</p>}
    </>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
