/** The page's address: the wall, or one camera opened large (`#/camera/:id`), so that it can be bookmarked and sent. */
export type Route = { view: 'wall' } | { view: 'camera'; cameraId: string };

export function parseRoute(hash: string): Route {
  const match = /^#\/camera\/([^/]+)$/u.exec(hash);
  if (match?.[1] === undefined) return { view: 'wall' };
  try {
    return { view: 'camera', cameraId: decodeURIComponent(match[1]) };
  } catch {
    // A broken percent sign in a hand-typed address: nothing is lost by showing the wall.
    return { view: 'wall' };
  }
}

export function routeHash(route: Route): string {
  return route.view === 'wall' ? '#/' : `#/camera/${encodeURIComponent(route.cameraId)}`;
}
