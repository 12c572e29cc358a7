import type { FastifyInstance, RouteOptions } from 'fastify';
import { actions, type Action } from './actions.ts';
import type { Actor } from './actor.ts';

/**
 * What a route declares of itself, in its `config`:
 * - `action`: what is done there; 'public': anybody may ask; 'signed-in': any person who has signed in, about themselves.
 * - `subject: 'camera'`: the `:id` of its address is a camera, which is looked up and decided about before the handler.
 * A route whose subject comes with the body asks `permit` itself.
 */
declare module 'fastify' {
  interface FastifyContextConfig {
    action?: Action | 'public' | 'signed-in';
    subject?: 'camera' | 'person';
  }
  interface FastifyRequest {
    /** Who asks; undefined: nobody has signed in. */
    actor: Actor | undefined;
  }
}

/** A route was registered without saying who may use it. The gateway does not start. */
export class RouteWithoutRule extends Error {
  readonly code = 'route_without_rule';
  constructor(route: string, why: string) {
    super(`${route}: ${why}`);
  }
}

/** Throws RouteWithoutRule. */
export function checkRouteRule({ method, url, config }: RouteOptions): void {
  const route = `${String(method)} ${url}`;
  const action = config?.action;
  if (action === undefined) {
    throw new RouteWithoutRule(route, "say who may use it: config: { action: '…' }");
  }
  if (action !== 'public' && action !== 'signed-in' && !Object.hasOwn(actions, action)) {
    throw new RouteWithoutRule(route, `no such action: ${action as string}`);
  }
  const needed = subjectOf(url);
  if (needed !== undefined && config?.subject !== needed) {
    throw new RouteWithoutRule(route, `its :id is one ${needed}: config: { subject: '${needed}' }`);
  }
}

/** For routes that a plugin of others registers, and that are no secret: pages, scripts, the description of the API. */
export function everybodysRoutes(scope: FastifyInstance): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, action: 'public' };
  });
}

/** An address with an id in it is about that one thing: forgetting to say so would open every other. */
function subjectOf(url: string): 'camera' | 'person' | undefined {
  if (/\/cameras\/:/.test(url)) return 'camera';
  if (/\/people\/:/.test(url)) return 'person';
  return undefined;
}
