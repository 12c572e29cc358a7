import { FileInput, Title } from '@mantine/core';
import * as z from 'zod/mini';
import { sendFilledForm, type ReturnDetail } from '../api/survey.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

/** Where in the file, and what is wrong there: as the gateway tells it, in Thai. */
const refusedOnWire = z.object({
  problems: z.array(z.object({ cell: z.nullable(z.string()), message: z.string() })),
});

/** An LAO without linked cameras sends the form that it filled in. */
export function FilledForm(props: {
  value: ReturnDetail;
  onChanged: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { value, onChanged } = props;
  const act = useAct();
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
      <Failure error={act.error} />
      {problems.length > 0 && (
        <ul className="plain-list" aria-label={t('returns.cells')}>
          {problems.map(({ cell, message }) => (
            <li key={`${cell} ${message}`} className="import-problem">
              {cell} {message}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
