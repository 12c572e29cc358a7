import { Button, Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AskedDevice, DeviceProbe, OfferedStream } from '../api/onvif.ts';
import { routeHash } from '../route.ts';
import { useLanguage } from '../use-language.ts';
import { DeviceStill } from './device-still.tsx';
import { recorderChannels, snapshotOf, type ChannelDraft } from './recorder-channels.ts';

/** The channels of a recorder box: those that are ticked, and named by where they look, become a camera each. */
export function OnvifChannels(props: {
  device: AskedDevice;
  probe: DeviceProbe;
  onTaken: (channels: ChannelDraft[]) => void;
}) {
  const { t } = useLanguage();
  const { device, probe, onTaken } = props;
  const channels = recorderChannels(probe.streams);
  const [positions, setPositions] = useState<ReadonlyMap<number, string>>(new Map());
  const [ticked, setTicked] = useState<ReadonlySet<number>>(new Set());
  const chosen = channels.filter(({ channel }) => ticked.has(channel));
  const unnamed = chosen.filter(({ channel }) => (positions.get(channel) ?? '').trim() === '');

  function tick(channel: number, isTicked: boolean): void {
    const next = new Set(ticked);
    if (isTicked) next.add(channel);
    else next.delete(channel);
    setTicked(next);
  }

  return (
    <section className="onvif-channels" aria-label={t('onvif.channels.title')}>
      <p>{t('onvif.channels.words', { count: channels.length })}</p>
      {probe.channelsLeftOut > 0 && (
        <p role="status">{t('onvif.channels.leftOut', { count: probe.channelsLeftOut })}</p>
      )}
      <ul className="channel-list">
        {channels.map(({ channel, main }) => (
          <li key={channel}>
            <Checkbox
              label={[t('onvif.channels.channel', { channel }), main.profile, main.resolution]
                .filter(Boolean)
                .join(' · ')}
              description={main.stream?.url ?? t('onvif.channels.noAddress')}
              disabled={main.stream?.url == null}
              checked={ticked.has(channel)}
              onChange={({ currentTarget }) => tick(channel, currentTarget.checked)}
            />
            <Registered stream={main} />
            {main.stream?.elsewhere === true && <p>{t('onvif.elsewhere')}</p>}
            {ticked.has(channel) && (
              <TextInput
                label={t('onvif.channels.position', { channel })}
                maxLength={500}
                value={positions.get(channel) ?? ''}
                onChange={({ currentTarget }) =>
                  setPositions(new Map(positions).set(channel, currentTarget.value))
                }
                onKeyDown={(event) => {
                  if (event.key === 'Enter') event.preventDefault();
                }}
              />
            )}
            <DeviceStill
              device={device}
              stream={main}
              label={t('onvif.channels.channel', { channel })}
            />
          </li>
        ))}
      </ul>
      <Button
        disabled={chosen.length === 0 || unnamed.length > 0}
        onClick={() =>
          onTaken(
            chosen.map(({ channel, main, sub }) => ({
              position: (positions.get(channel) ?? '').trim(),
              url: main.stream?.url ?? '',
              subUrl: sub?.stream?.url ?? '',
              snapshotUrl: snapshotOf(main),
              recordedResolution: main.resolution ?? '',
              frameRate: main.frameRate === null ? '' : String(main.frameRate),
            })),
          )
        }
      >
        {t('onvif.channels.take', { count: chosen.length })}
      </Button>
      {unnamed.length > 0 && <p role="status">{t('onvif.channels.unnamed')}</p>}
    </section>
  );
}

/** A channel that is a camera of the registry already. */
function Registered({ stream }: { stream: OfferedStream }) {
  const { t } = useLanguage();
  if (stream.cameras.length === 0) return null;
  return (
    <p>
      {t('onvif.channels.registered')}{' '}
      {stream.cameras.map(({ id, position, lao }) => (
        <a
          key={id}
          href={routeHash({ view: 'registered', cameraId: id })}
          target="_blank"
          rel="noreferrer"
        >
          {position} ({lao}){' '}
        </a>
      ))}
    </p>
  );
}
