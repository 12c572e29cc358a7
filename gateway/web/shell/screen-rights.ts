import type { Route } from '../route.ts';

/**
 * Which action of the gateway's policy (gateway/auth/actions.ts) a screen needs. What is not theirs is not shown; the
 * gateway decides again at every request.
 */
const needs: Readonly<Record<Route['view'], string | null>> = {
  wall: 'camera.watch',
  camera: 'camera.watch',
  recordings: 'footage.list',
  keeping: 'footage.list',
  register: 'camera.list',
  registered: 'camera.read',
  edit: 'camera.edit',
  new: 'camera.create',
  import: 'camera.import',
  lists: 'camera.list',
  counts: 'survey.read',
  rounds: 'survey.read',
  round: 'survey.read',
  return: 'survey.read',
  print: 'survey.read',
  repairs: 'repair.list',
  inbox: null,
  people: 'people.manage',
  audit: 'audit.read',
  profile: null,
};

export function mayOpen(view: Route['view'], may: (action: string) => boolean): boolean {
  const action = needs[view];
  return action === null || may(action);
}

/** In the order of the menu. */
export const menu = [
  'wall',
  'recordings',
  'register',
  'counts',
  'rounds',
  'repairs',
  'people',
  'audit',
] as const;
export type MenuItem = (typeof menu)[number];

/** Where somebody begins: the wall, or the first screen that is theirs. */
export function firstScreen(may: (action: string) => boolean): Route {
  const first = menu.find((item) => mayOpen(item, may));
  if (first === undefined) return { view: 'profile' };
  return routeOf(first);
}

export function routeOf(item: MenuItem): Route {
  return item === 'register' || item === 'recordings' || item === 'counts' || item === 'repairs'
    ? { view: item, query: '' }
    : { view: item };
}

/** The menu's entry under which a screen lies. */
export function menuItemOf(view: Route['view']): MenuItem | undefined {
  switch (view) {
    case 'wall':
    case 'camera':
      return 'wall';
    case 'recordings':
    case 'keeping':
      return 'recordings';
    case 'register':
    case 'registered':
    case 'edit':
    case 'new':
    case 'import':
    case 'lists':
      return 'register';
    case 'rounds':
    case 'round':
    case 'return':
    case 'print':
      return 'rounds';
    case 'counts':
    case 'repairs':
    case 'people':
    case 'audit':
      return view;
    case 'inbox':
    case 'profile':
      return undefined;
  }
}
