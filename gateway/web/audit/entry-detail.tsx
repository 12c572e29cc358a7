import { Button, Title } from '@mantine/core';
import type { AuditEntry, AuditFilter, AuditNames } from '../api/audit.ts';
import { readHistory } from '../api/cameras.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { roleWords } from '../people/grant-words.ts';
import { FieldChanges } from '../register/camera-history.tsx';
import { routeHash } from '../route.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { detailRows } from './audit-detail.ts';
import { actionWords, actorWords, kindWords, objectWords, outcomeWords } from './audit-words.ts';

/** One entry in words; what it was written as stands behind a disclosure, for who checks the proof. */
export function EntryDetail(props: {
  entry: AuditEntry;
  names: AuditNames;
  onFilter: (part: Partial<AuditFilter>) => void;
}) {
  const { t, language } = useLanguage();
  const { entry, names, onFilter } = props;
  const { actor, object, from } = entry;
  const rows: [string, string][] = [
    [t('audit.when'), dateAndTime(entry.at, language)],
    [
      t('audit.who'),
      [actorWords(actor, language), actor.role === null ? null : roleWords(actor.role, language)]
        .filter(Boolean)
        .join(' · '),
    ],
    [t('audit.what'), actionWords(entry.action, language)],
    [
      t('audit.which'),
      `${kindWords(object.kind, language)} ${objectWords(object, names, language)}`.trim(),
    ],
    [t('audit.outcome'), outcomeWords(entry.outcome, language)],
    [t('audit.where'), from.address ?? '–'],
    [t('audit.why'), entry.why ?? '–'],
  ];
  const said = detailRows(entry.detail, names, language);
  return (
    <>
      <dl className="detail">
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {said.map(({ label, before, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="lines">
              {before !== undefined && (
                <>
                  <del aria-label={t('auditBefore')}>{before}</del> →{' '}
                </>
              )}
              {before === undefined ? value : <ins aria-label={t('auditAfter')}>{value}</ins>}
            </dd>
          </div>
        ))}
      </dl>
      {object.kind === 'camera' && names[object.id] !== undefined && (
        <>
          <CameraChanges entry={entry} />
          <p>
            <a href={routeHash({ view: 'registered', cameraId: object.id })}>
              {objectWords(object, names, language)}
            </a>
          </p>
        </>
      )}
      <div className="row-actions">
        <Button variant="default" size="xs" onClick={() => onFilter({ actor: actor.id })}>
          {t('audit.sameActor')}
        </Button>
        {object.id !== '' && (
          <Button variant="default" size="xs" onClick={() => onFilter({ object: object.id })}>
            {t('audit.sameObject')}
          </Button>
        )}
      </div>
      <details>
        <summary>{t('auditTechnical')}</summary>
        <dl className="detail">
          {(
            [
              [t('audit.id'), `${actor.id} · ${object.kind} ${object.id} · ${entry.action}`],
              [t('audit.when'), entry.at],
              [t('audit.where'), from.userAgent ?? '–'],
              [t('audit.hash'), entry.hash],
            ] as const
          ).map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <pre className="detail-json" tabIndex={0} aria-label={t('auditRaw')}>
          {JSON.stringify(entry.detail, null, 2)}
        </pre>
      </details>
    </>
  );
}

/** What a change of a camera made of its fields, from the camera's own history: the log names the version it was made upon. */
function CameraChanges({ entry: { action, outcome, object, detail } }: { entry: AuditEntry }) {
  const { t } = useLanguage();
  const upon = detail['version'];
  const isChange = action === 'camera.change' && outcome === 'done' && typeof upon === 'number';
  const history = useLoaded(
    async (signal) => (isChange ? readHistory(object.id, signal) : []),
    [object.id, isChange],
  );
  const made = history.value?.find(({ version }) => version === Number(upon) + 1);
  if (!isChange || made === undefined) return null;
  return (
    <section className="history" aria-label={t('auditChanges')}>
      <Title order={4}>{t('auditChanges')}</Title>
      <FieldChanges changes={made.changes} />
    </section>
  );
}
