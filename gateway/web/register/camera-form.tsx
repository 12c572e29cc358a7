import { Alert, Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/call.ts';
import {
  changeCamera,
  createCamera,
  staleOf,
  twiceOnWire,
  type Registered,
  type Stale,
  type Twice,
} from '../api/cameras.ts';
import { routeHash, type Route } from '../route.ts';
import { Failure } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { isDoneWith, shownHash } from '../page-address.ts';
import { goTo, useUnsaved } from '../use-page-state.ts';
import {
  byOrigin,
  changeOf,
  draftOf,
  faultsOf,
  newCameraOf,
  nextChannel,
  onTopOf,
  stopping,
  type Draft,
} from './draft.ts';
import type { FormPart } from './form-part.ts';
import { PlaceGroup, PurposeGroup, RecordingGroup, RegisterGroup } from './form-groups.tsx';
import { keepDraft, takeDraft, type KeptDraft } from './kept-draft.ts';
import { LinkGroup } from './link-group.tsx';
import { StaleDialog } from './stale-dialog.tsx';

/** The form in the four groups of the letter (forms.md §3). `before`: null for a new camera. */
export function CameraForm(props: {
  before: Registered | null;
  start: Draft;
  fixed: { province?: string; district?: string; lao?: string };
  /** Reads the camera anew, and the form with it. */
  onReload: () => void;
}) {
  const { t } = useLanguage();
  const { before, start, fixed } = props;
  const { person } = useSignedIn();
  const [kept] = useState(() => takeDraft(person.id, shownHash()));
  const [draft, setDraft] = useState(kept?.draft ?? start);
  /** What the draft is a change of. */
  const [base, setBase] = useState(kept?.base ?? { version: before?.version ?? 0, draft: start });
  const unsaved = JSON.stringify(draft) !== JSON.stringify(base.draft);
  useUnsaved(unsaved);
  useKeptWhenSignedOut(unsaved ? { personId: person.id, base, draft } : undefined);
  const [checked, setChecked] = useState(false);
  const [nothing, setNothing] = useState(false);
  const [stale, setStale] = useState<Stale>();
  /** Positions of channels that were registered before the one that the form holds now. */
  const [registered, setRegistered] = useState<readonly string[]>([]);
  const form = useRef<HTMLFormElement>(null);
  const notices = useRef<HTMLDivElement>(null);
  const act = useAct();
  useEffect(() => {
    // The button is always in sight; what it is answered with, at the end of a long form, is not.
    if (act.error !== undefined || nothing) notices.current?.scrollIntoView({ block: 'end' });
  }, [act.error, nothing]);
  const faults = faultsOf(draft);
  const refused = new Map(
    act.error?.issues.map(({ path, message }) => [fieldOf(path), message]) ?? [],
  );
  const twice = act.error?.code === 'camera_twice' ? twiceOf(act.error) : undefined;

  const part: FormPart = {
    draft,
    base: base.draft,
    set: (change) => {
      setDraft({ ...draft, ...change });
      setNothing(false);
    },
    errorOf: (field) => {
      const fault = faults.get(field);
      if (fault !== undefined && (checked || fault === 'aboveHighest')) {
        return t(`check.${fault}`);
      }
      const message = refused.get(field);
      return message === undefined ? undefined : t('check.refused', { message });
    },
  };

  function send(
    { version, draft: old }: typeof base,
    draft: Draft,
    duplicateConfirmed: boolean,
  ): void {
    void act.run(async () => {
      try {
        if (before === null) {
          await registerAll(draft, duplicateConfirmed);
          return;
        }
        const change = changeOf(old, draft);
        if (Object.keys(change).length === 0) {
          setNothing(true);
          return;
        }
        // Whoever saves stands for the scope that the form showed, as it says, also where that stays what it was.
        const attested = draft.scope === start.scope ? { scope: draft.scope } : {};
        const { typed, read } = byOrigin(draft, { ...change, ...attested });
        let next = version;
        if (Object.keys(typed).length > 0) {
          const changed = await changeCamera(before.id, typed, { version, duplicateConfirmed });
          next = changed.value.version;
        }
        if (Object.keys(read).length > 0) {
          await accept(before.id, read, next);
        }
        leaveFor({ view: 'registered', cameraId: before.id });
      } catch (error) {
        const meanwhile = staleOf(error);
        if (meanwhile === undefined) throw error;
        setStale(meanwhile);
      }
    });
  }

  /** One after the other: the one that is refused stands in the form, with those behind it, and those before are there. */
  async function registerAll(first: Draft, duplicateConfirmed: boolean): Promise<void> {
    let current = first;
    for (let isFirst = true; ; isFirst = false) {
      const id = await register(current, isFirst && duplicateConfirmed);
      const next = nextChannel(current);
      const { position } = current;
      if (next === undefined) {
        const isOne = registered.length === 0 && isFirst;
        leaveFor(isOne ? { view: 'registered', cameraId: id } : { view: 'register', query: '' }, {
          replace: true,
        });
        return;
      }
      setRegistered((done) => [...done, position]);
      setDraft(next);
      current = next;
    }
  }

  /** Whoever has left meanwhile stays where they are. */
  function leaveFor(route: Route, options?: { replace: boolean }): void {
    if (form.current !== null) goTo(route, options);
  }

  function submit(duplicateConfirmed: boolean): void {
    setChecked(true);
    const [first] = stopping(faults);
    if (first !== undefined) {
      // The first thing to put right, where the keyboard is needed next.
      form.current?.querySelector<HTMLElement>(`[data-field="${first}"]`)?.focus();
      return;
    }
    send(base, draft, duplicateConfirmed);
  }

  return (
    <form
      ref={form}
      className="camera-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit(false);
      }}
    >
      {/* What is typed while it is saved would not be. */}
      <div className="form-groups" inert={act.busy}>
        <PlaceGroup {...part} fixed={fixed} />
        <PurposeGroup {...part} />
        <LinkGroup {...part} cameraId={before?.id ?? null} hasPassword={before?.stream != null} />
        <RecordingGroup {...part} />
        <RegisterGroup {...part} />
      </div>
      <div ref={notices} className="form-notices">
        {kept !== undefined && (
          <Alert color="gray" variant="light" role="status">
            {t('form.kept')}
          </Alert>
        )}
        {registered.length > 0 && (
          <Alert color="green" variant="light" role="status" title={t('form.channelsDone')}>
            {registered.join(' · ')}
          </Alert>
        )}
        {checked && stopping(faults).length > 0 && (
          <Alert color="red" variant="light" role="alert">
            {t('form.faults', { count: stopping(faults).length })}
          </Alert>
        )}
        {nothing && (
          <Alert color="gray" variant="light" role="status">
            {t('form.nothing')}
          </Alert>
        )}
        {twice === undefined ? (
          <Failure error={act.error} />
        ) : (
          <Alert color="yellow" variant="light" role="alert" title={t('form.twice.title')}>
            <p>{t('form.twice.words')}</p>
            <ul className="plain-list">
              {twice.cameras.map((camera) => (
                <li key={camera.id}>
                  <a
                    href={routeHash({ view: 'registered', cameraId: camera.id })}
                    target="_blank"
                    rel="noreferrer"
                  >
                    {camera.position}
                  </a>
                </li>
              ))}
              {twice.elsewhere && <li>{t('form.twice.elsewhere')}</li>}
            </ul>
            <Button variant="default" onClick={() => submit(true)}>
              {t('form.twice.both')}
            </Button>
          </Alert>
        )}
      </div>
      <div className="form-foot">
        <p>{t('form.attest')}</p>
        <div className="row-actions">
          <Button
            component="a"
            variant="default"
            href={routeHash(
              before === null
                ? { view: 'register', query: '' }
                : { view: 'registered', cameraId: before.id },
            )}
          >
            {t('cancel')}
          </Button>
          <Button type="submit" loading={act.busy}>
            {before !== null
              ? t('save')
              : draft.channels.length === 0
                ? t('form.create')
                : t('form.createMany', { count: 1 + draft.channels.length })}
          </Button>
        </div>
      </div>
      {stale && (
        <StaleDialog
          stale={stale}
          mine={onTopOf(draftOf(stale.current), base.draft, draft)}
          onKeepMine={(mine) => {
            const theirs = { version: stale.current.version, draft: draftOf(stale.current) };
            setStale(undefined);
            setBase(theirs);
            setDraft(mine);
            send(theirs, mine, false);
          }}
          onTakeTheirs={() => {
            const theirs = draftOf(stale.current);
            setStale(undefined);
            setBase({ version: stale.current.version, draft: theirs });
            setDraft(theirs);
            props.onReload();
          }}
          onClose={() => setStale(undefined)}
        />
      )}
    </form>
  );
}

/** The session may end while somebody types, or they end it: who signs in again finds it. Whoever leaves the form gives it up. */
function useKeptWhenSignedOut(typed: Omit<KeptDraft, 'address'> | undefined): void {
  const latest = useRef(typed);
  latest.current = typed;
  useEffect(() => {
    const address = shownHash();
    return () => {
      if (latest.current !== undefined && !isDoneWith(address)) {
        keepDraft({ ...latest.current, address });
      }
    };
  }, []);
}

/** A new camera, and then what was read of it: so that its history says which values nobody typed. Returns its id. */
async function register(draft: Draft, duplicateConfirmed: boolean): Promise<string> {
  const { typed, read } = byOrigin(draft, newCameraOf(draft));
  const created = await createCamera(typed, duplicateConfirmed);
  try {
    if (Object.keys(read).length > 0) {
      await accept(created.id, read, created.version);
    }
  } catch {
    // It is registered, and must not be a second time: what is missing is among its findings when it is read again.
  }
  return created.id;
}

/** As the device told it; what the gateway has forgotten by now counts as typed in. */
async function accept(
  id: string,
  read: Readonly<Record<string, unknown>>,
  version: number,
): Promise<void> {
  try {
    await changeCamera(id, read, { version, source: 'onvif' });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'not_as_read') throw error;
    await changeCamera(id, read, { version });
  }
}

function twiceOf(error: ApiError): Twice {
  return twiceOnWire.safeParse(error.details).data ?? { cameras: [], elsewhere: false };
}

/** The gateway's pointer to a field, as the form calls it: `/stream/url` is `url`. */
function fieldOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts[0] === 'stream') return parts[1] ?? 'url';
  if (parts[0] === 'lao') return parts.slice(0, 2).join('.');
  return parts[0] ?? '';
}
