import { Alert, Button, FileInput, Progress } from '@mantine/core';
import { useEffect, useState } from 'react';
import {
  acceptImport,
  beginImport,
  discardImport,
  readImport,
  templateAddress,
  type InventoryImport,
} from '../api/inventory.ts';
import { ApiError } from '../api/call.ts';
import { routeHash } from '../route.ts';
import { Failure, Page } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { ImportRows } from './import-rows.tsx';

/** While the gateway reads, compares or writes. */
const ASK_EVERY_MS = 500;
const working: ReadonlySet<InventoryImport['phase']> = new Set([
  'reading',
  'comparing',
  'applying',
]);
const INTERRUPTED = 'import_interrupted';
const steps = ['file', 'look', 'done'] as const;

/** The gateway has begun anew, and knows no acceptance of it: nothing of it is saved. */
function interrupted(before: InventoryImport | undefined): InventoryImport | undefined {
  const refusal = { code: INTERRUPTED, thai: '' };
  return before && { ...before, phase: 'failed', refusal };
}

/** An inventory comes in: a file, what would become of each row, and then all of it at once or nothing. */
export default function ImportScreen() {
  const { t } = useLanguage();
  const [file, setFile] = useState<File | null>(null);
  const [state, setState] = useState<InventoryImport>();
  const act = useAct();
  const id = state?.id;
  const isWorking = state !== undefined && working.has(state.phase);

  useEffect(() => {
    if (id === undefined || !isWorking) return undefined;
    const asking = new AbortController();
    const timer = setInterval(() => {
      readImport(id, asking.signal).then(setState, (error: unknown) => {
        // Else the next one asks again; nothing is lost on the gateway's side.
        if (error instanceof ApiError && error.code === 'import_not_found') setState(interrupted);
      });
    }, ASK_EVERY_MS);
    return () => {
      clearInterval(timer);
      asking.abort();
    };
  }, [id, isWorking]);

  function upload(chosen: File | null): void {
    setFile(chosen);
    setState(undefined);
    act.clear();
    if (chosen !== null) void act.run(async () => setState(await beginImport(chosen)));
  }

  async function accept(seen: InventoryImport, skipRefused: boolean): Promise<void> {
    try {
      setState(await acceptImport(seen, skipRefused));
    } catch (error) {
      // Another page of the same person was faster: here is what it would do now.
      if (error instanceof ApiError && error.code === 'import_plan_is_another') {
        setState(await readImport(seen.id));
      }
      throw error;
    }
  }

  function startOver(): void {
    // What is left there goes by itself after a while.
    if (id !== undefined && state?.phase !== 'applied') void discardImport(id).catch(() => {});
    upload(null);
  }

  /** Where it is too late, the gateway says so, and the next look tells that all is written. */
  async function stop(importId: string): Promise<void> {
    await discardImport(importId);
    upload(null);
  }

  const step = state?.phase === 'applied' ? 2 : state?.counts != null ? 1 : 0;
  return (
    <Page title={t('import.title')}>
      <ol className="wizard-steps">
        {steps.map((name, index) => (
          <li key={name} aria-current={index === step ? 'step' : undefined}>
            {index + 1}. {t(`import.step.${name}`)}
          </li>
        ))}
      </ol>
      <div className="wizard">
        {step === 0 && (
          <section className="card">
            <p>{t('import.words')}</p>
            <div className="row-actions">
              <Button component="a" variant="default" href={templateAddress} download>
                {t('import.template')}
              </Button>
            </div>
            <FileInput
              label={t('import.file')}
              placeholder={t('import.choose')}
              accept=".xlsx,.csv"
              value={file}
              onChange={upload}
              disabled={act.busy || isWorking}
              clearable
            />
          </section>
        )}
        <Failure error={act.error} />
        {(act.busy || isWorking) && (
          <Working
            state={state}
            onStop={
              isWorking && !act.busy ? () => void act.run(async () => stop(state.id)) : undefined
            }
          />
        )}
        {state?.phase === 'refused' && (
          <Alert color="red" variant="light" role="alert" title={t('import.refusedFile')}>
            {state.refusal?.thai}
          </Alert>
        )}
        {state?.phase === 'failed' && (
          <Alert color="red" variant="light" role="alert" title={t('import.notSaved')}>
            <p>
              {state.refusal?.code === INTERRUPTED ? t('import.interrupted') : state.refusal?.thai}
            </p>
            {step > 0 && (
              <Button variant="default" onClick={startOver}>
                {t('import.another')}
              </Button>
            )}
          </Alert>
        )}
        {state?.counts != null && state.phase !== 'applied' && state.phase !== 'failed' && (
          <Look
            state={state}
            busy={act.busy || isWorking}
            onAccept={(skipRefused) => void act.run(async () => accept(state, skipRefused))}
            onOtherFile={startOver}
          />
        )}
        {state?.phase === 'applied' && state.counts !== null && (
          <>
            <Alert color="green" variant="light" role="status" title={t('import.applied')}>
              <p>{t('import.appliedCounts', { ...state.counts })}</p>
              <div className="row-actions">
                <Button component="a" href={routeHash({ view: 'register', query: '' })}>
                  {t('import.toRegister')}
                </Button>
                <Button variant="default" onClick={startOver}>
                  {t('import.another')}
                </Button>
              </div>
            </Alert>
            {state.counts.refused > 0 && (
              <section className="card">
                <p>{t('import.leftOut', { count: state.counts.refused })}</p>
                <ImportRows id={state.id} counts={state.counts} onlyRefused />
              </section>
            )}
          </>
        )}
      </div>
    </Page>
  );
}

function Working(props: {
  state: InventoryImport | undefined;
  /** Left out: there is nothing to stop. */
  onStop: (() => void) | undefined;
}) {
  const { t } = useLanguage();
  const { state, onStop } = props;
  const progress = state?.progress ?? { done: 0, of: null };
  const words = t(`import.phase.${phaseOf(state)}`, { done: progress.done.toLocaleString() });
  return (
    <div role="status">
      <p>{words}</p>
      <Progress
        aria-label={words}
        animated
        value={progress.of === null ? 100 : (progress.done / Math.max(1, progress.of)) * 100}
      />
      <div className="row-actions">
        <Button variant="default" onClick={onStop} disabled={onStop === undefined}>
          {t('import.stop')}
        </Button>
      </div>
    </div>
  );
}

function phaseOf(
  state: InventoryImport | undefined,
): 'sending' | 'reading' | 'comparing' | 'applying' {
  switch (state?.phase) {
    case 'reading':
    case 'comparing':
    case 'applying':
      return state.phase;
    default:
      return 'sending';
  }
}

function Look(props: {
  state: InventoryImport;
  busy: boolean;
  onAccept: (skipRefused: boolean) => void;
  onOtherFile: () => void;
}) {
  const { t } = useLanguage();
  const { state, busy } = props;
  const { counts } = state;
  if (counts === null) return null;
  const written = counts.new + counts.changed;
  return (
    <>
      {state.changedMeanwhile && (
        <Alert color="yellow" variant="light" role="alert">
          {t('import.changedMeanwhile')}
        </Alert>
      )}
      {(state.table?.unknownHeadings.length ?? 0) > 0 && (
        <Alert color="gray" variant="light">
          {t('import.unknownHeadings', { headings: state.table?.unknownHeadings.join(', ') })}
        </Alert>
      )}
      {counts.changed > 0 && (
        <Alert color="yellow" variant="light">
          {t('import.writesOver', { count: counts.changed })}
        </Alert>
      )}
      <ImportRows
        key={`${state.id} ${counts.new} ${counts.refused}`}
        id={state.id}
        counts={counts}
      />
      <div className="form-foot">
        <p>
          {counts.refused > 0
            ? t('import.hasRefused', { count: counts.refused })
            : written === 0
              ? t('import.nothingNew')
              : t('import.allAtOnce')}{' '}
          {written > 0 && t('import.attest')}
        </p>
        <div className="row-actions">
          <Button variant="default" onClick={props.onOtherFile} disabled={busy}>
            {t('import.otherFile')}
          </Button>
          {written > 0 && (
            <Button
              loading={busy}
              color={counts.refused > 0 ? 'yellow' : 'blue'}
              variant={counts.refused > 0 ? 'light' : 'filled'}
              onClick={() => props.onAccept(counts.refused > 0)}
            >
              {counts.refused > 0
                ? t('import.acceptRest', { count: written })
                : t('import.accept', { count: written })}
            </Button>
          )}
        </div>
      </div>
    </>
  );
}
