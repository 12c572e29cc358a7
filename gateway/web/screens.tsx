import { Suspense, useEffect, useRef, useState, type ComponentType } from 'react';
import { startGatewayFeed, type GatewayFeed } from './gateway-feed.ts';
import { routeHash, type Route } from './route.ts';
import { firstScreen } from './shell/screen-rights.ts';
import { LeaveDialog } from './shell/leave-dialog.tsx';
import { Nothing, Page, Waiting } from './shell/pieces.tsx';
import { ScreenBoundary, screenOf } from './shell/screen-boundary.tsx';
import { mayOpen } from './shell/screen-rights.ts';
import { useSignedIn } from './shell/signed-in.ts';
import { useLanguage } from './use-language.ts';
import { noteRoute, useRoute } from './use-page-state.ts';

// Each screen is a file of its own for the browser: the wall loads no forms, and a form no player.
const WallScreen = screenOf(() => import('./wall-screen.tsx'));
const RecordingsScreen = screenOf(() => import('./recordings/recordings-screen.tsx'));
const KeepingScreen = screenOf(() => import('./keeping/keeping-screen.tsx'));
const RegisterScreen = screenOf(() => import('./register/register-screen.tsx'));
const CameraScreen = screenOf(() => import('./register/camera-screen.tsx'));
const CameraForm = screenOf(() => import('./register/form-screen.tsx'));
const ImportScreen = screenOf(() => import('./register/import-screen.tsx'));
const ListsScreen = screenOf(() => import('./lists/lists-screen.tsx'));
const CountsScreen = screenOf(() => import('./survey/counts-screen.tsx'));
const RoundsScreen = screenOf(() => import('./survey/rounds-screen.tsx'));
const RoundScreen = screenOf(() => import('./survey/round-screen.tsx'));
const ReturnScreen = screenOf(() => import('./survey/return-screen.tsx'));
const PrintView = screenOf(() => import('./survey/print-view.tsx'));
const RepairsScreen = screenOf(() => import('./repairs/repairs-screen.tsx'));
const InboxScreen = screenOf(() => import('./inbox/inbox-screen.tsx'));
const PeopleScreen = screenOf(() => import('./people/people-screen.tsx'));
const AuditScreen = screenOf(() => import('./audit/audit-screen.tsx'));
const ProfileScreen = screenOf(() => import('./profile/profile-screen.tsx'));

const plainScreens: Partial<Record<Route['view'], ComponentType>> = {
  import: ImportScreen,
  keeping: KeepingScreen,
  rounds: RoundsScreen,
  inbox: InboxScreen,
  people: PeopleScreen,
  audit: AuditScreen,
  profile: ProfileScreen,
};

/** The screen that the address names, if it is theirs. */
export function Screens({ onSignedOut }: { onSignedOut: () => void }) {
  const { t } = useLanguage();
  const route = useRoute();
  const { may } = useSignedIn();
  const allowed = mayOpen(route.view, may);
  const first = firstScreen(may);

  useEffect(() => {
    // Nobody asked for the wall by name: who may not watch begins where they may.
    if (!allowed && route.view === 'wall' && first.view !== 'wall') noteRoute(first, 'wall');
  }, [allowed, route.view, first]);

  if (!allowed) {
    return (
      <Page title={t('notYours.title')}>
        <Nothing title={t('notYours.words')} />
      </Page>
    );
  }
  return (
    <ScreenBoundary address={routeHash(route)}>
      <Suspense fallback={<Waiting />}>
        <Screen route={route} onSignedOut={onSignedOut} />
      </Suspense>
      <LeaveDialog />
    </ScreenBoundary>
  );
}

function Screen({ route, onSignedOut }: { route: Route; onSignedOut: () => void }) {
  switch (route.view) {
    case 'wall':
    case 'camera':
      return <WallWithFeed onSignedOut={onSignedOut} />;
    case 'recordings':
      return <RecordingsScreen query={route.query} />;
    case 'register':
      return <RegisterScreen query={route.query} />;
    case 'lists':
      return <ListsScreen query={route.query} />;
    case 'counts':
      return <CountsScreen query={route.query} />;
    case 'repairs':
      return <RepairsScreen query={route.query} />;
    case 'round':
      return <RoundScreen key={route.roundId} roundId={route.roundId} />;
    case 'return':
      return <ReturnScreen key={routeHash(route)} {...route} />;
    case 'print':
      return <PrintView key={route.returnId} {...route} />;
    case 'registered':
      return <CameraScreen key={route.cameraId} cameraId={route.cameraId} />;
    case 'edit':
      return <CameraForm key={route.cameraId} cameraId={route.cameraId} />;
    case 'new':
      return <CameraForm key="new" cameraId={null} />;
    default: {
      const Plain = plainScreens[route.view] ?? ProfileScreen;
      return <Plain />;
    }
  }
}

/** The feed holds one of the browser's connections to the gateway: only while the wall is open. */
function WallWithFeed({ onSignedOut }: { onSignedOut: () => void }) {
  const [feed, setFeed] = useState<GatewayFeed>();
  const signedOut = useRef(onSignedOut);
  signedOut.current = onSignedOut;
  useEffect(() => {
    const started = startGatewayFeed({ onSignedOut: () => signedOut.current() });
    setFeed(started);
    return () => started.stop();
  }, []);
  return feed === undefined ? <Waiting /> : <WallScreen feed={feed} />;
}
