import { Alert, Button, Checkbox, Radio, Table, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { probeDevice, type AskedDevice, type DeviceProbe } from '../api/onvif.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { DeviceStill } from './device-still.tsx';
import { isReadField, type Draft, type ReadField } from './draft.ts';
import { fieldLabel, fieldValueWords } from './field-words.ts';
import { OnvifChannels } from './onvif-channels.tsx';
import { OnvifSearch } from './onvif-search.tsx';
import { isRecorder, snapshotOf, type ChannelDraft } from './recorder-channels.ts';

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
  const [address, setAddress] = useState(() => hostOf(draft.url));
  const [told, setTold] = useState<{ device: AskedDevice; probe: DeviceProbe }>();
  const [taken, setTaken] = useState(0);
  const asking = useRef<AbortController>(undefined);
  const act = useAct();
  // What is still being asked is nobody's any more.
  useEffect(() => () => asking.current?.abort(), []);

  function probeAt(named: string): void {
    const device: AskedDevice = {
      address: named,
      username: draft.username === '' ? null : draft.username,
      password: draft.password === '' ? null : draft.password,
    };
    setAddress(named);
    setTold(undefined);
    setTaken(0);
    const controller = new AbortController();
    asking.current = controller;
    void act.run(async () => {
      try {
        setTold({ device, probe: await probeDevice({ ...device, cameraId }, controller.signal) });
      } catch (error) {
        if (!controller.signal.aborted) throw error;
      }
    });
  }

  /** The first is the form's own camera, the others are registered with it. */
  function takeChannels([first, ...others]: ChannelDraft[]): void {
    if (first === undefined) return;
    const { recordedResolution, frameRate, snapshotUrl } = first;
    set({
      ...first,
      channels: others,
      readByOnvif: { ...draft.readByOnvif, recordedResolution, frameRate, snapshotUrl },
    });
    setTaken(1 + others.length);
  }

  if (!open) {
    return (
      <Button variant="subtle" onClick={() => setOpen(true)}>
        {t('onvif.open')}
      </Button>
    );
  }
  const choosesChannels = cameraId === null && told !== undefined && isRecorder(told.probe.streams);
  return (
    <section className="onvif" aria-label={t('onvif.open')}>
      <OnvifSearch disabled={act.busy} onChosen={probeAt} />
      <div className="onvif-ask">
        <TextInput
          label={t('onvif.device')}
          description={t('onvif.deviceHint')}
          placeholder="192.168.1.64"
          spellCheck={false}
          value={address}
          onChange={({ currentTarget }) => setAddress(currentTarget.value)}
          onKeyDown={(event) => {
            // Within the camera's form: that must not be saved by it.
            if (event.key !== 'Enter') return;
            event.preventDefault();
            if (address.trim() !== '' && !act.busy) probeAt(address.trim());
          }}
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
      {told !== undefined && !act.busy && (
        <div className="onvif-told" key={`${told.device.address} ${told.probe.detail}`}>
          {choosesChannels ? (
            <OnvifChannels {...told} onTaken={takeChannels} />
          ) : (
            <Told {...told} draft={draft} cameraId={cameraId} set={set} />
          )}
        </div>
      )}
      {choosesChannels && taken > 0 && (
        <p role="status">{t('onvif.channels.taken', { count: taken })}</p>
      )}
    </section>
  );
}

/** What the device told, beside what stands in the form. */
function Told({
  device,
  probe,
  draft,
  cameraId,
  set,
}: {
  device: AskedDevice;
  probe: DeviceProbe;
  draft: Draft;
  cameraId: string | null;
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
  // A password that is kept follows no address that it was not typed for: ticked by itself it would only be refused.
  const hasCredentials = cameraId === null || draft.username === '' || draft.password !== '';
  const [takesSnapshot, setTakesSnapshot] = useState(draft.snapshotUrl === '' && hasCredentials);
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
  const addresses = probe.streams.flatMap(({ channel, stream, resolution, encoding }) =>
    stream?.url == null
      ? []
      : [{ channel, url: stream.url, elsewhere: stream.elsewhere, resolution, encoding }],
  );

  function take(): void {
    const values = Object.fromEntries(
      told.filter(({ field }) => ticked.has(field)).map(({ field, value }) => [field, value]),
    );
    const snapshot = takesNow ? { snapshotUrl } : {};
    set({
      ...values,
      ...(url === '' ? {} : { url }),
      ...snapshot,
      readByOnvif: { ...draft.readByOnvif, ...values, ...snapshot },
    });
    setTaken(true);
  }

  // The picture of the address that is chosen; before one is, of the largest that has one.
  const pictured =
    probe.streams.find(({ stream }) => url !== '' && stream?.url === url) ??
    probe.streams.find(({ snapshot }) => snapshot?.url != null) ??
    probe.streams[0];
  const snapshotUrl = pictured === undefined ? '' : snapshotOf(pictured);
  const takesNow = takesSnapshot && snapshotUrl !== '';
  return (
    <>
      {pictured !== undefined && (
        <DeviceStill
          key={pictured.snapshot?.url ?? ''}
          device={device}
          stream={pictured}
          label={t('onvif.still.label', { address: device.address })}
          atOnce
        />
      )}
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
              label={[
                isRecorder(probe.streams)
                  ? t('onvif.channels.channel', { channel: one.channel })
                  : null,
                one.url,
                one.resolution,
                one.encoding,
              ]
                .filter(Boolean)
                .join(' · ')}
              description={one.elsewhere ? t('onvif.elsewhere') : undefined}
            />
          ))}
        </Radio.Group>
      )}
      {snapshotUrl !== '' && (
        <Checkbox
          label={t('form.snapshotUrl')}
          description={snapshotUrl}
          checked={takesSnapshot}
          onChange={({ currentTarget }) => {
            setTakesSnapshot(currentTarget.checked);
            setTaken(false);
          }}
        />
      )}
      <Button onClick={take} disabled={ticked.size === 0 && url === '' && !takesNow}>
        {t('onvif.take')}
      </Button>
      {taken && <p role="status">{t('onvif.taken')}</p>}
    </>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
