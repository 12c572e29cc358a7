/**
 * The page's address, so that any screen can be bookmarked and sent: the wall, one camera opened large over it
 * (`#/camera/:id`), and the screens beside it. Filters of the register stand in its query.
 */
export type Route =
  | { view: 'wall' }
  | { view: 'camera'; cameraId: string }
  | { view: 'register'; query: string }
  | { view: 'lists'; query: string }
  | { view: 'recordings'; query: string }
  | { view: 'registered'; cameraId: string }
  | { view: 'edit'; cameraId: string }
  | { view: 'counts'; query: string }
  | { view: 'repairs'; query: string }
  | { view: 'round'; roundId: string }
  | { view: 'return'; returnId: string; version: number | null }
  | { view: 'print'; returnId: string; version: number | null }
  | { view: Screen };

/** Screens without anything more in their address. */
const screens = [
  'new',
  'import',
  'keeping',
  'rounds',
  'inbox',
  'people',
  'audit',
  'profile',
] as const;
type Screen = (typeof screens)[number];
/** Filters stand in the query of these. */
const filtered = ['register', 'lists', 'recordings', 'counts', 'repairs'] as const;

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/u, '').split('?', 2);
  const parts = path.split('/');
  const [first, second, third] = parts;
  if (parts.length === 1) {
    const list = filtered.find((name) => name === first);
    if (list !== undefined) return { view: list, query };
    const screen = screens.find((name) => name === first);
    if (screen !== undefined) return { view: screen };
  }
  const cameraId = second === undefined || second === '' ? undefined : decoded(second);
  const ofSurvey = cameraId === undefined ? undefined : surveyRoute(parts, cameraId, query);
  if (ofSurvey !== undefined) return ofSurvey;
  if (cameraId !== undefined) {
    if (first === 'camera' && parts.length === 2) return { view: 'camera', cameraId };
    if (first === 'register' && parts.length === 2) return { view: 'registered', cameraId };
    if (first === 'register' && third === 'edit' && parts.length === 3) {
      return { view: 'edit', cameraId };
    }
  }
  return { view: 'wall' };
}

/** Whether the address is of this screen, whatever of it is shown. */
export function isAt(hash: string, view: Route['view']): boolean {
  return parseRoute(hash).view === view;
}

/** A round, or a return in one of its versions. */
function surveyRoute(
  [first, , third, ...rest]: string[],
  id: string,
  query: string,
): Route | undefined {
  if (rest.length > 0) return undefined;
  if (first === 'rounds' && third === undefined) return { view: 'round', roundId: id };
  if (first !== 'returns') return undefined;
  const given = Number(new URLSearchParams(query).get('version'));
  const version = Number.isInteger(given) && given > 0 ? given : null;
  if (third === undefined) return { view: 'return', returnId: id, version };
  return third === 'print' ? { view: 'print', returnId: id, version } : undefined;
}

export function routeHash(route: Route): string {
  switch (route.view) {
    case 'wall':
      return '#/';
    case 'camera':
      return `#/camera/${encodeURIComponent(route.cameraId)}`;
    case 'register':
    case 'lists':
    case 'recordings':
    case 'counts':
    case 'repairs':
      return route.query === '' ? `#/${route.view}` : `#/${route.view}?${route.query}`;
    case 'registered':
      return `#/register/${encodeURIComponent(route.cameraId)}`;
    case 'edit':
      return `#/register/${encodeURIComponent(route.cameraId)}/edit`;
    case 'round':
      return `#/rounds/${encodeURIComponent(route.roundId)}`;
    case 'return':
    case 'print': {
      const page = route.view === 'print' ? '/print' : '';
      const version = route.version === null ? '' : `?version=${route.version}`;
      return `#/returns/${encodeURIComponent(route.returnId)}${page}${version}`;
    }
    default:
      return `#/${route.view}`;
  }
}

/** Where a camera's recordings are: today's. */
export function recordingsOf(cameraId: string): string {
  return routeHash({ view: 'recordings', query: `cameras=${encodeURIComponent(cameraId)}` });
}

/** Pages that are reached by a link handed out on paper or by letter; the token stands behind `#`, so that no log has it. */
export type Arrival =
  | { kind: 'invitation'; token: string }
  | { kind: 'set-up'; token: string }
  | { kind: 'sign-in-failed' }
  | undefined;

export function arrivalOf(location: { pathname: string; hash: string; search: string }): Arrival {
  const token = decoded(location.hash.replace(/^#/u, '')) ?? '';
  if (location.pathname === '/invitation') return { kind: 'invitation', token };
  if (location.pathname === '/setup') return { kind: 'set-up', token };
  // A provider of OpenID Connect sent the browser back without an account that is known here.
  if (new URLSearchParams(location.search).get('sign-in') === 'failed') {
    return { kind: 'sign-in-failed' };
  }
  return undefined;
}

/** Undefined: a broken percent sign in a hand-typed address; nothing is lost by showing the wall. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
