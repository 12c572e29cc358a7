import { Button, Checkbox, SegmentedControl, Table, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { readReturnCameras, type ReturnCamera, type ReturnDetail } from '../api/survey.ts';
import { dayWords } from '../buddhist-date.ts';
import { declaredReasonWords } from '../condition/reason-words.ts';
import { routeHash } from '../route.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { declaredWords, ruleWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import { ClassifyDialog, InspectDialog } from './classify-dialogs.tsx';

const shows = [
  'awaiting',
  'without-evidence',
  'all',
  'proposed',
  'classified',
  'inspected',
] as const;
type Show = (typeof shows)[number];

/** The cameras of an LAO's return as they were frozen, chosen one by one or all, and said what they are. */
export function ReturnCameras(props: {
  value: ReturnDetail;
  isNewest: boolean;
  onChanged: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { value, isNewest, onChanged } = props;
  const mayFill = isNewest && value.mayDo.includes('fill');
  const [show, setShow] = useState<Show>(() => firstShow(value));
  const [pages, setPages] = useState<(string | undefined)[]>([undefined]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [saying, setSaying] = useState<'classify' | 'inspect'>();
  const after = pages.at(-1);
  const read = useLoaded(
    (signal) => readReturnCameras(value.id, { show, version: value.shown.version, after }, signal),
    [value, show, after],
  );
  const cameras = read.value?.cameras;
  useEffect(() => setChosen(new Set()), [show, after, value]);
  const allChosen = cameras !== undefined && cameras.length > 0 && chosen.size === cameras.length;

  function choose(id: string, isChosen: boolean): void {
    const next = new Set(chosen);
    if (isChosen) next.add(id);
    else next.delete(id);
    setChosen(next);
  }
  const said = (changed: ReturnDetail): void => {
    setSaying(undefined);
    setPages([undefined]);
    onChanged(changed);
  };

  return (
    <section className="card" aria-label={t('returns.cameras')}>
      <Title order={3}>{t('returns.cameras')}</Title>
      {mayFill && <p>{t('returns.camerasWords')}</p>}
      <div className="scroll-x">
        <SegmentedControl
          size="xs"
          value={show}
          onChange={(next) => {
            setShow(shows.find((one) => one === next) ?? 'all');
            setPages([undefined]);
          }}
          data={shows.map((name) => ({ value: name, label: t(`returns.show.${name}`) }))}
        />
      </div>
      <Failure error={read.error} onRetry={read.reload} />
      {cameras === undefined && read.loading && <Waiting />}
      {cameras?.length === 0 && <p>{t('returns.noCameras')}</p>}
      {cameras !== undefined && cameras.length > 0 && (
        <>
          {mayFill && (
            <div className="row-actions">
              <Checkbox
                label={t('returns.chooseAll')}
                checked={allChosen}
                indeterminate={chosen.size > 0 && !allChosen}
                onChange={({ currentTarget }) =>
                  setChosen(new Set(currentTarget.checked ? cameras.map(({ id }) => id) : []))
                }
              />
              <span>{t('returns.chosen', { count: chosen.size })}</span>
              <Button
                size="compact-sm"
                disabled={chosen.size === 0}
                onClick={() => setSaying('classify')}
              >
                {t('returns.classify')}
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                disabled={chosen.size === 0}
                onClick={() => setSaying('inspect')}
              >
                {t('returns.inspect')}
              </Button>
            </div>
          )}
          <CameraTable cameras={cameras} chosen={mayFill ? chosen : undefined} onChoose={choose} />
        </>
      )}
      <div className="pager">
        {pages.length > 1 && (
          <Button variant="default" onClick={() => setPages(pages.slice(0, -1))}>
            {t('previousPage')}
          </Button>
        )}
        {read.value?.nextAfter != null && (
          <Button
            variant="default"
            onClick={() => setPages([...pages, read.value?.nextAfter ?? undefined])}
          >
            {t('nextPage')}
          </Button>
        )}
      </div>
      {saying === 'classify' && (
        <ClassifyDialog
          value={value}
          cameras={[...chosen]}
          onClose={() => setSaying(undefined)}
          onSaid={said}
        />
      )}
      {saying === 'inspect' && (
        <InspectDialog
          value={value}
          cameras={[...chosen]}
          onClose={() => setSaying(undefined)}
          onSaid={said}
        />
      )}
    </section>
  );
}

function CameraTable(props: {
  cameras: readonly ReturnCamera[];
  chosen: ReadonlySet<string> | undefined;
  onChoose: (id: string, isChosen: boolean) => void;
}) {
  const { t, language } = useLanguage();
  const { cameras, chosen, onChoose } = props;
  return (
    <Table className="stacked" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          {chosen !== undefined && <Table.Th />}
          <Table.Th>{t('field.position')}</Table.Th>
          <Table.Th>{t('returns.counted')}</Table.Th>
          <Table.Th>{t('counts.why')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {cameras.map((camera) => {
          const { classified } = camera;
          return (
            <Table.Tr key={camera.id}>
              {chosen !== undefined && (
                <Table.Td>
                  <Checkbox
                    aria-label={camera.position}
                    checked={chosen.has(camera.id)}
                    onChange={({ currentTarget }) => onChoose(camera.id, currentTarget.checked)}
                  />
                </Table.Td>
              )}
              <Table.Td data-label={t('field.position')}>
                <a href={routeHash({ view: 'registered', cameraId: camera.id })}>
                  {camera.position}
                </a>
                <small>{camera.budgetSource}</small>
              </Table.Td>
              <Table.Td data-label={t('returns.counted')}>
                {declaredWords(camera.status, language)}
                {classified === null && camera.snapshot.awaitingClassification && (
                  <small className="overdue">{t('returns.awaitingMark')}</small>
                )}
              </Table.Td>
              <Table.Td data-label={t('counts.why')}>
                {classified === null
                  ? ruleWords(camera.snapshot.rule, language)
                  : [
                      classified.reason === null
                        ? null
                        : declaredReasonWords(classified.status, classified.reason, language),
                      classified.note,
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                {classified !== null && (
                  <small>
                    {[
                      classified.by.name,
                      classified.inspectedOn &&
                        t('returns.inspectedOn', {
                          day: dayWords(classified.inspectedOn, language),
                        }),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </small>
                )}
                {classified === null && camera.snapshot.proposal !== null && (
                  <small>{t('returns.proposal')}</small>
                )}
                {!camera.hasEvidence && (
                  <small className="overdue">{t('returns.show.without-evidence')}</small>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

/** What is to be done stands first. */
function firstShow({ toDo }: ReturnDetail): Show {
  if (toDo.awaiting > 0) return 'awaiting';
  return toDo.withoutEvidence > 0 ? 'without-evidence' : 'all';
}
