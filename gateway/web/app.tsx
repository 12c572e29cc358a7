import { useEffect, useMemo, useState } from 'react';
import { Button } from '@mantine/core';
import { liesIn } from './api/areas.ts';
import { type Session } from './api/session.ts';
import { arrivalOf, type Arrival } from './route.ts';
import { Screens } from './screens.tsx';
import { Frame } from './shell/frame.tsx';
import { Failure, Waiting } from './shell/pieces.tsx';
import { useSessionState, type SessionStore } from './shell/session-store.ts';
import { SignedInContext, type SignedIn } from './shell/signed-in.ts';
import { AnotherAccount } from './sign-in/another-account.tsx';
import { EnrolSecondFactor } from './sign-in/enrol-second-factor.tsx';
import { Invitation } from './sign-in/invitation.tsx';
import { ShowSecondFactor } from './sign-in/show-second-factor.tsx';
import { SetUp } from './sign-in/set-up.tsx';
import { SomebodyElse } from './sign-in/somebody-else.tsx';
import { Door } from './sign-in/door.tsx';
import { SignIn } from './sign-in/sign-in.tsx';
import { useLanguage } from './use-language.ts';

/** Who is at the page decides what it is: the door, or the screens of whoever signed in. */
export function App({ store }: { store: SessionStore }) {
  const { t } = useLanguage();
  const state = useSessionState(store);
  const [arrival, setArrival] = useState<Arrival>(() => arrivalOf(window.location));

  useEffect(() => {
    document.title = t('product');
  }, [t]);

  /** The link is used up: its token leaves the address bar, and the browser's history. */
  const arrived = (): void => {
    window.history.replaceState(null, '', '/');
    setArrival(undefined);
    void store.read();
  };

  if (state.kind === 'reading') {
    return (
      <Door>
        <Waiting />
      </Door>
    );
  }
  if (state.kind === 'unreachable') {
    return (
      <Door>
        <Failure error={state.error} onRetry={() => void store.read()} />
      </Door>
    );
  }
  const { session } = state;
  if (arrival?.kind === 'invitation') {
    return <Invitation token={arrival.token} onDone={arrived} />;
  }
  if (arrival?.kind === 'set-up' && !session.setUp) {
    return (
      <SetUp
        token={arrival.token}
        onSignedIn={(signedIn) => {
          window.history.replaceState(null, '', '/');
          setArrival(undefined);
          store.take(signedIn);
        }}
      />
    );
  }
  if (state.instead !== undefined) {
    return <SomebodyElse session={session} was={state.instead.name} store={store} />;
  }
  if (session.state === 'second-factor')
    return <ShowSecondFactor session={session} store={store} />;
  if (session.state === 'signed-out' || session.person === null) {
    return (
      <SignIn
        session={session}
        store={store}
        failed={arrival?.kind === 'sign-in-failed'}
        ended={state.ended === true}
      />
    );
  }
  return (
    <SignedInApp key={session.person.id} session={session} person={session.person} store={store} />
  );
}

function SignedInApp(props: {
  session: Session;
  person: NonNullable<Session['person']>;
  store: SessionStore;
}) {
  const { t } = useLanguage();
  const { session, person, store } = props;
  const [later, setLater] = useState(false);
  const signedIn = useMemo<SignedIn>(() => {
    const actions = new Set(session.actions);
    return {
      person,
      secondFactor: session.secondFactor,
      may: (action, lao) =>
        lao === undefined
          ? actions.has(action)
          : (session.areas[action] ?? []).some((area) => liesIn(lao, area)),
      reread: store.read,
    };
  }, [session, person, store]);
  const mustEnrol = session.secondFactor?.required === true && !session.secondFactor.enrolled;

  return (
    <SignedInContext value={signedIn}>
      {mustEnrol && !later ? (
        <Door>
          <EnrolSecondFactor onDone={() => void store.read()} />
          {session.actions.length > 0 && (
            <Button variant="subtle" color="gray" onClick={() => setLater(true)}>
              {t('door.later')}
            </Button>
          )}
          <AnotherAccount store={store} />
        </Door>
      ) : (
        <Frame store={store} demo={session.demo !== null}>
          <Screens onSignedOut={() => void store.read()} />
        </Frame>
      )}
    </SignedInContext>
  );
}
