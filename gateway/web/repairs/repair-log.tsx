import { Button, Title } from '@mantine/core';
import { useState } from 'react';
import type { CameraDetail } from '../api/cameras.ts';
import { readRepairs, type Repair } from '../api/repairs.ts';
import { dayWords } from '../buddhist-date.ts';
import { causeWords } from '../condition/reason-words.ts';
import { thaiToday } from '../thai-day.ts';
import { Failure } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { RepairDialog } from './repair-dialog.tsx';

/** The repairs of one camera, newest first; the open one goes on from here. */
export function RepairLog(props: { camera: CameraDetail; onChanged: () => void }) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const { camera, onChanged } = props;
  const repairs = useLoaded(
    (signal) => readRepairs(camera.id, signal),
    [camera.id, camera.version],
  );
  const [edited, setEdited] = useState<Repair | 'new'>();
  const hasOpen = repairs.value?.some(({ closedAt }) => closedAt === null) === true;
  return (
    <section className="card repair-log" aria-label={t('repairs.log')}>
      <div className="card-head">
        <Title order={3}>{t('repairs.log')}</Title>
        {may('repair.keep', camera.lao) && !hasOpen && camera.deleted === null && repairs.value && (
          <Button size="compact-sm" variant="default" onClick={() => setEdited('new')}>
            {t('repairs.report')}
          </Button>
        )}
      </div>
      <Failure error={repairs.error} onRetry={repairs.reload} />
      {repairs.value?.length === 0 && <p>{t('repairs.noLog')}</p>}
      <ol>
        {repairs.value?.map((repair) => (
          <RepairEntry
            key={repair.id}
            repair={repair}
            onEdit={may('repair.keep', camera.lao) ? () => setEdited(repair) : undefined}
          />
        ))}
      </ol>
      {edited !== undefined && (
        <RepairDialog
          camera={camera}
          repair={edited === 'new' ? null : edited}
          onClose={() => setEdited(undefined)}
          onSaved={() => {
            setEdited(undefined);
            repairs.reload();
            onChanged();
          }}
        />
      )}
    </section>
  );
}

function RepairEntry({ repair, onEdit }: { repair: Repair; onEdit: (() => void) | undefined }) {
  const { t, language } = useLanguage();
  const { warrantyUntil } = repair;
  const facts: [string, string | null][] = [
    [t('repairs.reportedOn'), `${dayWords(repair.reportedOn, language)} · ${repair.reportedBy}`],
    [t('repairs.contractor'), repair.contractor],
    [t('repairs.dueOn'), repair.dueOn === null ? null : dayWords(repair.dueOn, language)],
    [
      t('repairs.warrantyUntil'),
      warrantyUntil === null
        ? null
        : [
            dayWords(warrantyUntil, language),
            ...(warrantyUntil >= thaiToday() ? [t('repairs.inWarranty')] : []),
          ].join(' · '),
    ],
    [
      t('repairs.cost'),
      repair.cost === null
        ? null
        : repair.cost.toLocaleString(language, { minimumFractionDigits: 2 }),
    ],
    [t('repairs.closedOn'), repair.backOn === null ? null : dayWords(repair.backOn, language)],
    [t('condition.note'), repair.note],
  ];
  return (
    <li>
      <div className="card-head">
        <p>
          <strong>{t(`repairs.states.${repair.state as 'reported'}`)}</strong>{' '}
          {causeWords(repair.cause, language)}
          {repair.overdueDays > 0 && (
            <span className="overdue">{t('repairs.overdueBy', { count: repair.overdueDays })}</span>
          )}
        </p>
        {onEdit !== undefined && (
          <Button size="compact-sm" variant="default" onClick={onEdit}>
            {t('repairs.update')}
          </Button>
        )}
      </div>
      <dl className="detail">
        {facts.map(
          ([label, value]) =>
            value !== null && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </li>
  );
}
