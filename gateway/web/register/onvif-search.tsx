import { Button, Progress, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { beginDiscovery, endDiscovery, readDiscovery, type Discovery } from '../api/onvif.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

const LOOK_MS = 400;

/** Looks for devices on a named network: how many addresses were asked, what was found so far, and an end to it. */
export function OnvifSearch(props: { disabled: boolean; onChosen: (address: string) => void }) {
  const { t } = useLanguage();
  const [network, setNetwork] = useState('');
  const [run, setRun] = useState<Discovery>();
  const act = useAct();
  const looks = useAct();
  const id = run?.id;
  const isAsking = run?.state === 'asking';

  useEffect(() => {
    if (id === undefined || !isAsking) return undefined;
    const leaving = new AbortController();
    const timer = setInterval(() => {
      void looks.run(async () => {
        try {
          setRun(await readDiscovery(id, leaving.signal));
        } catch (error) {
          if (leaving.signal.aborted) return;
          // It is kept no more: a restart of the gateway ended it.
          setRun((before) => (before === undefined ? before : { ...before, state: 'cancelled' }));
          throw error;
        }
      });
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, [id, isAsking, looks.run]);
  // Nobody looks at it any more.
  useEffect(
    () => () => {
      if (id !== undefined) void endDiscovery(id).catch(() => {});
    },
    [id],
  );

  const begin = (): void => {
    setRun(undefined);
    void act.run(async () => setRun(await beginDiscovery(network.trim())));
  };

  return (
    <>
      <div className="onvif-ask">
        <TextInput
          label={t('onvif.network')}
          description={t('onvif.networkHint')}
          placeholder="192.168.1.0/24"
          spellCheck={false}
          value={network}
          onChange={({ currentTarget }) => setNetwork(currentTarget.value)}
          onKeyDown={(event) => {
            // Within the camera's form: that must not be saved by it.
            if (event.key !== 'Enter') return;
            event.preventDefault();
            if (network.trim() !== '' && !isAsking) begin();
          }}
        />
        {isAsking ? (
          <Button
            variant="default"
            onClick={() => void act.run(async () => setRun(await endDiscovery(run.id)))}
          >
            {t('onvif.stop')}
          </Button>
        ) : (
          <Button
            variant="default"
            loading={act.busy}
            disabled={network.trim() === '' || props.disabled}
            onClick={begin}
          >
            {t('onvif.discover')}
          </Button>
        )}
      </div>
      <Failure error={act.error ?? looks.error} />
      {run !== undefined && (
        <div className="onvif-run">
          {isAsking && (
            <Progress
              aria-label={t('onvif.askedOf', { asked: run.asked, addresses: run.addresses })}
              animated
              value={(run.asked / Math.max(1, run.addresses)) * 100}
            />
          )}
          <p role="status">
            {t(`onvif.run.${wordOf(run)}`, { ...run, count: run.devices.length })}
          </p>
          {run.state === 'failed' && <code>{run.detail}</code>}
          <ul className="plain-list">
            {run.devices.map((device) => (
              <li key={device.address}>
                <Button
                  variant="default"
                  size="compact-sm"
                  disabled={props.disabled}
                  onClick={() => props.onChosen(device.address)}
                >
                  {t('onvif.askThis')}
                </Button>{' '}
                {[device.ip, device.name, device.hardware].filter(Boolean).join(' · ')}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function wordOf(run: Discovery): 'asking' | 'listening' | 'done' | 'none' | 'cancelled' | 'failed' {
  switch (run.state) {
    case 'asking':
      return run.asked < run.addresses ? 'asking' : 'listening';
    case 'done':
      return run.devices.length === 0 ? 'none' : 'done';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'failed';
  }
}
