import { Button, FileInput, Title } from '@mantine/core';
import * as z from 'zod/mini';
import {
  dropFilledForm,
  readReturnCameras,
  sendFilledForm,
  type ReturnDetail,
} from '../api/survey.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

/** Where in the file, and what is wrong there: as the gateway tells it, in Thai. */
const refusedOnWire = z.object({
  problems: z.array(
    z.object({ cell: z.nullable(z.string()), text: z.string(), reason: z.string() }),
  ),
});

/** One page of its cameras. */
const MAX_LOOKED_AT = 500;

/** An LAO without linked cameras sends the form that it filled in. */
export function FilledForm(props: {
  value: ReturnDetail;
  onChanged: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { value, onChanged } = props;
  const act = useAct();
  // What is seen of linked cameras is not overwritten by a file; the gateway refuses it too.
  const cameras = useLoaded(
    (signal) => readReturnCameras(value.id, { limit: MAX_LOOKED_AT }, signal),
    [value.id],
  );
  if (cameras.value?.cameras.every(({ linked }) => !linked) !== true) return null;
  const problems = refusedOnWire.safeParse(act.error?.details).data?.problems ?? [];
  return (
    <section className="card" aria-label={t('returns.fileForm')}>
      <Title order={3}>{t('returns.fileForm')}</Title>
      <p>{t('returns.fileFormWords')}</p>
      <FileInput
        label={t('import.choose')}
        accept=".xlsx,.csv"
        value={null}
        disabled={act.busy}
        onChange={(file) => {
          if (file === null) return;
          void act.run(async () => onChanged(await sendFilledForm(value.id, value.version, file)));
        }}
      />
      {value.shown.source === 'form' && (
        <Button
          variant="default"
          loading={act.busy}
          onClick={() =>
            void act.run(async () => onChanged(await dropFilledForm(value.id, value.version)))
          }
        >
          {t('returns.dropForm')}
        </Button>
      )}
      <Failure error={act.error} />
      {problems.length > 0 && (
        <ul className="plain-list" aria-label={t('returns.cells')}>
          {problems.map(({ cell, text, reason }) => (
            <li key={`${cell} ${reason}`} className="import-problem">
              {[cell, text, reason].filter(Boolean).join(' · ')}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
