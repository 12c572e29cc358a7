import { Button, MultiSelect, Table, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { readRegister } from '../api/cameras.ts';
import {
  decideShortening,
  previewShortening,
  readShortening,
  readShortenings,
  requestShortening,
  type Shortening,
  type ShorteningAct,
  type ShorteningPreview,
} from '../api/footage.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { WholeNumberInput } from '../shell/whole-number-input.tsx';
import { Dialog } from '../shell/dialog.tsx';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { Pager, usePages } from '../shell/pager.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { LineArea } from '../shell/line-area.tsx';
import { useLanguage } from '../use-language.ts';
import { useCameraNames } from './use-camera-names.ts';

const MAX_CAMERAS = 100;
const TYPED_AFTER_MS = 250;

/** Acts by which footage is kept for fewer days: asked for by one, decided by another. */
export function Shortenings() {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const pages = usePages();
  const page = useLoaded((signal) => readShortenings(pages.cursor, signal), [pages.cursor]);
  const [asking, setAsking] = useState(false);
  const [open, setOpen] = useState<string>();
  const found = page.value?.shortenings;
  const nameOf = useCameraNames(
    found?.flatMap(({ cameras }) => cameras.slice(0, 2).map(({ id }) => id)) ?? [],
  );

  return (
    <section className="card">
      <div className="card-head">
        <Title order={3}>{t('keeping.shortenings.title')}</Title>
        {may('retention.shorten') && (
          <Button variant="default" onClick={() => setAsking(true)}>
            {t('keeping.shortenings.ask')}
          </Button>
        )}
      </div>
      <p>{t('keeping.shortenings.words')}</p>
      <Failure error={page.error} onRetry={page.reload} />
      {found === undefined && page.loading && <Waiting />}
      {found?.length === 0 && <p role="status">{t('keeping.shortenings.none')}</p>}
      {found !== undefined && found.length > 0 && (
        <Table className="stacked">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('keeping.shortenings.cameras')}</Table.Th>
              <Table.Th>{t('keeping.shortenings.days')}</Table.Th>
              <Table.Th>{t('keeping.shortenings.reason')}</Table.Th>
              <Table.Th>{t('keeping.shortenings.requested')}</Table.Th>
              <Table.Th>{t('keeping.shortenings.state')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.map((each) => (
              <Table.Tr key={each.id}>
                <Table.Td data-label={t('keeping.shortenings.cameras')}>
                  {each.cameras
                    .slice(0, 2)
                    .map(({ id }) => nameOf(id))
                    .join(', ')}
                  {each.cameras.length > 2 && ` +${each.cameras.length - 2}`}
                </Table.Td>
                <Table.Td data-label={t('keeping.shortenings.days')}>
                  {t('keeping.shortenings.fewDays', {
                    from: Math.max(...each.cameras.map(({ fromDays }) => fromDays)),
                    days: each.days,
                  })}
                </Table.Td>
                <Table.Td data-label={t('keeping.shortenings.reason')}>{each.reason}</Table.Td>
                <Table.Td data-label={t('keeping.shortenings.requested')}>
                  {each.requested.name}
                  <small>{dateAndTime(each.requested.at, language)}</small>
                </Table.Td>
                <Table.Td data-label={t('keeping.shortenings.state')}>
                  <State shortening={each} />
                </Table.Td>
                <Table.Td>
                  <Button variant="default" size="xs" onClick={() => setOpen(each.id)}>
                    {t('keeping.shortenings.look')}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Pager pages={pages} nextCursor={page.value?.nextCursor} />
      {asking && (
        <AskDialog
          onClose={() => setAsking(false)}
          onAsked={() => {
            // The newest is on the first page.
            if (pages.isFirst) page.reload();
            else pages.toFirst();
          }}
        />
      )}
      {open !== undefined && (
        <DecideDialog id={open} onClose={() => setOpen(undefined)} onDecided={page.reload} />
      )}
    </section>
  );
}

function State({ shortening }: { shortening: Shortening }) {
  const { t, language } = useLanguage();
  const { state, effectiveAt, decided } = shortening;
  const words =
    state === 'approved'
      ? t('keeping.shortenings.states.approved', {
          time: dateAndTime(effectiveAt ?? '', language),
        })
      : state === 'requested' || state === 'rejected' || state === 'cancelled' || state === 'done'
        ? t(`keeping.shortenings.states.${state}`)
        : state;
  return (
    <>
      {words}
      {decided !== null && (
        <small>
          {decided.name}
          {decided.reason !== null && `: ${decided.reason}`}
        </small>
      )}
    </>
  );
}

function Preview({ preview }: { preview: readonly ShorteningPreview[] }) {
  const { t, language } = useLanguage();
  const nameOf = useCameraNames(preview.map(({ cameraId }) => cameraId));
  return (
    <ul className="plain-list">
      {preview.map((each) => (
        <li key={each.cameraId}>
          <strong>{nameOf(each.cameraId)}</strong>
          <br />
          {each.recordings === 0
            ? t('keeping.shortenings.goesNothing')
            : t('keeping.shortenings.goes', {
                recordings: each.recordings,
                size: (each.bytes / 1e9).toFixed(2),
                oldest: dateAndTime(each.oldest ?? '', language),
                newest: dateAndTime(each.newest ?? '', language),
              })}
          {each.heldRecordings > 0 &&
            ` · ${t('keeping.shortenings.stays', { count: each.heldRecordings })}`}
        </li>
      ))}
    </ul>
  );
}

function AskDialog(props: { onClose: () => void; onAsked: () => void }) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed, TYPED_AFTER_MS);
  const found = useLoaded(
    (signal) => readRegister(asked === '' ? {} : { q: asked }, null, signal),
    [asked],
  );
  const [labels, setLabels] = useState<ReadonlyMap<string, string>>(new Map());
  const [cameraIds, setCameraIds] = useState<string[]>([]);
  const [days, setDays] = useState<number>();
  const [reason, setReason] = useState('');
  const [preview, setPreview] = useState<ShorteningPreview[]>();
  const act = useAct();
  const choices = new Map(labels);
  for (const { id, position, lao } of found.value?.cameras ?? []) {
    choices.set(id, `${position} · ${lao.name}`);
  }
  const whole = cameraIds.length > 0 && days !== undefined;

  return (
    <Dialog onClose={props.onClose} title={t('keeping.shortenings.ask')} size="lg">
      <form
        className="narrow-form wide"
        onSubmit={(event) => {
          event.preventDefault();
          if (days === undefined) return;
          void act
            .run(async () => {
              await requestShortening(cameraIds, days, reason.trim());
              props.onAsked();
            })
            .then((done) => done && props.onClose());
        }}
      >
        <MultiSelect
          label={t('keeping.shortenings.cameras')}
          data={[...choices].map(([value, label]) => ({ value, label }))}
          value={cameraIds}
          onChange={(ids) => {
            setCameraIds(ids);
            setLabels(new Map(ids.map((id) => [id, choices.get(id) ?? id])));
            setPreview(undefined);
          }}
          searchable
          searchValue={typed}
          onSearchChange={setTyped}
          filter={({ options }) => options}
          maxValues={MAX_CAMERAS}
          hidePickedOptions
          data-autofocus
        />
        <WholeNumberInput
          label={t('keeping.shortenings.days')}
          min={1}
          max={36_500}
          value={days}
          onChange={(value) => {
            setDays(value);
            setPreview(undefined);
          }}
        />
        <LineArea
          label={t('keeping.shortenings.reason')}
          required
          withAsterisk={false}
          maxLength={500}
          value={reason}
          onChange={setReason}
        />
        <Failure error={act.error} />
        {preview !== undefined && <Preview preview={preview} />}
        <div className="row-actions">
          {preview === undefined ? (
            <Button
              disabled={!whole}
              loading={act.busy}
              onClick={() =>
                void act.run(async () => setPreview(await previewShortening(cameraIds, days ?? 0)))
              }
            >
              {t('keeping.shortenings.preview')}
            </Button>
          ) : (
            <Button type="submit" color="red" loading={act.busy} disabled={reason.trim() === ''}>
              {t('keeping.shortenings.send')}
            </Button>
          )}
          <Button variant="default" onClick={props.onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DecideDialog(props: { id: string; onClose: () => void; onDecided: () => void }) {
  const { t } = useLanguage();
  const { may, person } = useSignedIn();
  const found = useLoaded((signal) => readShortening(props.id, signal), [props.id]);
  const [reason, setReason] = useState('');
  const act = useAct();
  const shortening = found.value?.shortening;
  const waits = shortening?.state === 'requested';
  const mayDecide = waits && may('retention.approve') && shortening.requested.id !== person.id;
  const mayCancel = (waits || shortening?.state === 'approved') && may('footage.hold');

  const decide = (how: ShorteningAct): void => {
    void act
      .run(async () => {
        await decideShortening(props.id, how, reason.trim());
        props.onDecided();
      })
      .then((done) => done && props.onClose());
  };

  return (
    <Dialog onClose={props.onClose} title={t('keeping.shortenings.title')} size="lg">
      <div className="narrow-form wide">
        <Failure error={found.error ?? act.error} />
        {found.value === undefined && found.loading && <Waiting />}
        {shortening !== undefined && (
          <>
            <p>
              {t('keeping.shortenings.fewDays', {
                from: Math.max(...shortening.cameras.map(({ fromDays }) => fromDays)),
                days: shortening.days,
              })}{' '}
              · {shortening.requested.name} · {shortening.reason}
            </p>
            <p>
              <State shortening={shortening} />
            </p>
            {(waits || shortening.state === 'approved') && (
              <Preview preview={found.value?.preview ?? []} />
            )}
            {(mayDecide || mayCancel) && (
              <>
                <LineArea
                  label={t('keeping.shortenings.decision')}
                  maxLength={500}
                  value={reason}
                  onChange={setReason}
                  data-autofocus
                />
                <div className="row-actions">
                  {mayDecide && (
                    <>
                      <Button
                        color="red"
                        loading={act.busy}
                        disabled={reason.trim() === ''}
                        onClick={() => decide('approve')}
                      >
                        {t('keeping.shortenings.approve')}
                      </Button>
                      <Button
                        variant="default"
                        loading={act.busy}
                        disabled={reason.trim() === ''}
                        onClick={() => decide('reject')}
                      >
                        {t('keeping.shortenings.reject')}
                      </Button>
                    </>
                  )}
                  {mayCancel && (
                    <Button
                      variant="default"
                      loading={act.busy}
                      disabled={reason.trim() === ''}
                      onClick={() => decide('cancel')}
                    >
                      {t('keeping.shortenings.cancel')}
                    </Button>
                  )}
                </div>
              </>
            )}
          </>
        )}
      </div>
    </Dialog>
  );
}
