import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import {
  readDeviceStill,
  type AskedDevice,
  type DeviceStill as Fetched,
  type OfferedStream,
} from '../api/onvif.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { Still } from './still.tsx';

const results = [
  'unauthorised',
  'timeout',
  'refused',
  'unreachable',
  'address-not-allowed',
  'reply-too-large',
  'no-picture',
] as const;

/** Why there is no picture, by names that there are words for. */
export function stillResultOf({ result }: Fetched): (typeof results)[number] {
  return results.find((name) => name === result) ?? 'no-picture';
}

/** What a device shows at this moment, before anything of it is accepted. `atOnce`: without being pressed. */
export function DeviceStill(props: {
  device: AskedDevice;
  stream: OfferedStream;
  label: string;
  atOnce?: boolean;
}) {
  const { t } = useLanguage();
  const { device, stream, label, atOnce = false } = props;
  const url = stream.snapshot?.url ?? null;
  const [fetched, setFetched] = useState<Fetched>();
  const leaving = useRef<AbortController>(undefined);
  const act = useAct();

  const read = (): void => {
    if (url === null) return;
    const controller = new AbortController();
    leaving.current = controller;
    void act.run(async () => {
      try {
        setFetched(await readDeviceStill({ ...device, url }, controller.signal));
      } catch (error) {
        if (!controller.signal.aborted) throw error;
      }
    });
  };
  useEffect(() => {
    if (atOnce) read();
    return () => leaving.current?.abort();
    // Of the address that was told, and of no other.
  }, [url]);

  if (url === null) return <p className="still-missing">{t('onvif.still.none')}</p>;
  if (act.busy) return <Waiting words={t('onvif.still.asking')} />;
  return (
    <>
      {fetched?.still != null && <Still base64={fetched.still} label={label} />}
      {fetched !== undefined && fetched.still === null && (
        <p className="still-missing" role="status">
          {t(`onvif.still.${stillResultOf(fetched)}`)}
        </p>
      )}
      <Failure error={act.error} />
      {fetched?.still == null && (
        <Button
          variant="default"
          size="compact-sm"
          onClick={read}
          aria-label={`${t('onvif.still.show')} ${label}`}
        >
          {fetched === undefined ? t('onvif.still.show') : t('tryAgain')}
        </Button>
      )}
    </>
  );
}
