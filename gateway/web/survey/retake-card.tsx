import { Button, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import {
  actOnReturn,
  readSnapshotDifferences,
  type ReturnDetail,
  type SnapshotDifferences,
} from '../api/survey.ts';
import { filterQuery } from '../register/register-filter.ts';
import { routeHash } from '../route.ts';
import { Failure } from '../shell/pieces.tsx';
import { ReasonDialog } from '../shell/reason-dialog.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

/**
 * Cameras that the return lacks or has too many, step by step: they are put right in the registry, and its cameras are taken
 * anew from there. What differs now is told without being asked for, also to whoever comes back from the register.
 */
export function RetakeCard(props: {
  value: ReturnDetail;
  onChanged: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { value, onChanged } = props;
  const [saying, setSaying] = useState(false);
  const read = useLoaded((signal) => readSnapshotDifferences(value.id, signal), [value]);
  useEffect(() => {
    // The register may be open in another tab.
    const again = (): void => {
      if (!document.hidden) read.reload();
    };
    document.addEventListener('visibilitychange', again);
    return () => document.removeEventListener('visibilitychange', again);
  }, [read.reload]);
  const differences = read.value;
  const count = differences === undefined ? 0 : differing(differences);
  const register = filterQuery({
    province: value.province,
    district: value.district ?? '',
    lao: value.name,
  });
  return (
    <section className="card" aria-label={t('returns.retake.title')}>
      <Title order={3}>{t('returns.retake.title')}</Title>
      <ol className="steps">
        <li>
          {t('returns.retake.register')}{' '}
          {/* Beside this page: what was typed into it stays, and there is a way back. */}
          <a href={routeHash({ view: 'new' })} target="_blank" rel="noreferrer">
            {t('returns.retake.toNew')}
          </a>
          {' · '}
          <a
            href={routeHash({ view: 'register', query: register })}
            target="_blank"
            rel="noreferrer"
          >
            {t('returns.retake.toRegister')}
          </a>
        </li>
        <li>
          {t('returns.retake.compare')}
          <Failure error={read.error} onRetry={read.reload} />
          {differences !== undefined && <Differences differences={differences} />}
        </li>
        <li>
          {t('returns.retake.take')}{' '}
          <Button size="compact-sm" disabled={count === 0} onClick={() => setSaying(true)}>
            {t('returns.retake.act')}
          </Button>
        </li>
        <li>{t('returns.retake.send')}</li>
      </ol>
      {saying && (
        <ReasonDialog
          title={t('returns.retake.act')}
          label={t('returns.retake.reason')}
          act={t('returns.retake.act')}
          onAct={async (reason) => {
            onChanged(await actOnReturn(value.id, 'retake', { version: value.version, reason }));
            setSaying(false);
          }}
          onClose={() => setSaying(false)}
        >
          {differences !== undefined && <Differences differences={differences} />}
          <p>{t('returns.retake.words')}</p>
        </ReasonDialog>
      )}
    </section>
  );
}

/** What taking them anew would change; cameras that another LAO counts are left out by it. */
function differing({ added, removed, moved }: SnapshotDifferences): number {
  return added.count + removed.count + moved.count;
}

function Differences({ differences }: { differences: SnapshotDifferences }) {
  const { t } = useLanguage();
  const { added, removed, moved, elsewhere } = differences;
  return (
    <ul className="plain-list" aria-live="polite">
      {differing(differences) === 0 && <li>{t('returns.retake.same')}</li>}
      <Cameras
        title={t('returns.retake.added', { count: added.count })}
        count={added.count}
        cameras={added.cameras.map((one) => ({ ...one, why: one.budgetSource }))}
      />
      <Cameras
        title={t('returns.retake.removed', { count: removed.count })}
        count={removed.count}
        cameras={removed.cameras.map((one) => ({ ...one, why: one.budgetSource }))}
      />
      <Cameras
        title={t('returns.retake.moved', { count: moved.count })}
        count={moved.count}
        cameras={moved.cameras.map((one) => ({
          ...one,
          why: `${one.budgetSourceBefore} → ${one.budgetSource}`,
        }))}
      />
      <Cameras
        title={t('returns.retake.elsewhere', { count: elsewhere.count })}
        count={elsewhere.count}
        cameras={elsewhere.cameras.map((one) => ({ ...one, why: one.countedBy }))}
      />
    </ul>
  );
}

function Cameras(props: {
  title: string;
  count: number;
  cameras: readonly { id: string; position: string; why: string }[];
}) {
  const { t } = useLanguage();
  const { title, count, cameras } = props;
  if (count === 0) return null;
  return (
    <li>
      <strong>{title}</strong>
      <ul className="plain-list">
        {cameras.map(({ id, position, why }) => (
          <li key={id}>
            <a href={routeHash({ view: 'registered', cameraId: id })}>{position}</a>{' '}
            <small>{why}</small>
          </li>
        ))}
        {count > cameras.length && <li>{t('inbox.more', { count: count - cameras.length })}</li>}
      </ul>
    </li>
  );
}
