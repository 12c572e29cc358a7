import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { Area, Place } from '#registry/area.ts';
import type { AuditAction } from '../audit/actions.ts';
import type { Audit, AuditObject, AuditOutcome } from '../audit/audit.ts';
import { auditActorOf, auditOriginOf } from '../audit/request-entry.ts';
import type { Accounts } from './accounts.ts';
import type { Action } from './actions.ts';
import type { Admission, Admitted } from './admission.ts';
import { credentialOf } from './credential.ts';
import { areasFor, decide, type Subject } from './policy.ts';
import { AnotherPerson, refusalOf, SignInNeeded } from './refusal.ts';
import { checkRouteRule } from './route-rules.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** All that were registered, with their rules. */
    guardedRoutes: readonly RouteOptions[];
  }
  interface FastifyRequest {
    /** The last act that was recorded as done: if it fails after all, that is recorded too. */
    recorded: { action: AuditAction; object: AuditObject } | undefined;
    /** Who asks, with their session; undefined: nobody has signed in. */
    admitted: Admitted | undefined;
    /** Asks the policy about a subject that came with the body. Records a refusal. Throws what the client is told. */
    permit: (action: Action, subject: Subject) => Promise<void>;
    /** Where they may do it: what a list is narrowed to. */
    areasFor: (action: Action) => Area[];
    /** Writes to the audit log, before the effect can be seen. Throws AuditUnavailable: then refuse the act. */
    record: (
      action: AuditAction,
      object: AuditObject,
      more?: {
        outcome?: AuditOutcome;
        why?: string | undefined;
        detail?: Readonly<Record<string, unknown>>;
      },
    ) => Promise<void>;
  }
}

export interface RouteGuardDeps {
  admission: Admission;
  accounts: Pick<Accounts, 'get'>;
  readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>;
  audit: Audit;
  cookieName: string;
}

/** A page's requests name the account that it was drawn for: tabs share their cookie, and the last to sign in is who asks. */
const SIGNED_IN_AS = 'x-signed-in-as';

/**
 * Every request through Fastify: who sends it, and whether the route's rule (route-rules.ts) lets them. The server does not
 * become ready while a route has no rule. Before the body is read: a stranger's is not parsed.
 */
export function guardRoutes(app: FastifyInstance, deps: RouteGuardDeps): void {
  const routes: RouteOptions[] = [];
  app.decorate('guardedRoutes', routes);
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    for (const route of routes) checkRouteRule(route);
  });
  app.decorateRequest('actor', undefined);
  app.decorateRequest('admitted', undefined);
  app.decorateRequest('permit', async function permit(this: FastifyRequest, action, subject) {
    await refuseUnless(this, deps, action, subject, undefined);
  });
  app.decorateRequest('areasFor', function areas(this: FastifyRequest, action) {
    return this.actor === undefined ? [] : areasFor(this.actor, action);
  });
  app.decorateRequest('recorded', undefined);
  app.decorateRequest('record', async function record(this: FastifyRequest, action, object, more) {
    const { outcome = 'done', why, detail } = more ?? {};
    await deps.audit.record({
      actor: auditActorOf(this.actor),
      action,
      object,
      outcome,
      from: auditOriginOf(this),
      why,
      detail,
    });
    if (outcome === 'done') this.recorded = { action, object };
  });
  // Recorded, then done: what was not done after all gets an entry that says so.
  app.addHook('onError', async (request, _reply, error) => {
    const { recorded } = request;
    if (error.code === 'closed_area_never_watched') await recordNotWatched(request);
    if (recorded === undefined) return;
    request.recorded = undefined;
    const { code } = error;
    try {
      await request.record(recorded.action, recorded.object, {
        outcome: 'failed',
        detail: { code },
      });
    } catch (err) {
      // The client is told of its own error all the same.
      request.log.error({ err, action: recorded.action }, 'that an act failed was not recorded');
    }
  });

  app.addHook('onRequest', async (request) => {
    const credential = credentialOf(request.headers, deps.cookieName);
    if (credential !== undefined) {
      const admitted = await deps.admission.admit(credential);
      request.admitted = admitted;
      if (admitted !== undefined && !admitted.rights.pending) request.actor = admitted.rights.actor;
    }
    const { action, subject } = request.routeOptions.config;
    // No route: nothing is there, for anybody.
    if (request.is404 || action === 'public') return;
    if (action === undefined) throw new Error('a route without a rule was reached');
    const drawnFor = request.headers[SIGNED_IN_AS];
    if (drawnFor !== undefined && request.actor !== undefined && drawnFor !== request.actor.id) {
      throw new AnotherPerson('somebody else has signed in with this browser: read the session');
    }
    if (action === 'signed-in') {
      if (request.actor?.kind !== 'person') throw new SignInNeeded('sign in first');
      return;
    }
    if (subject === undefined || request.actor === undefined) {
      await refuseUnless(request, deps, action, undefined, undefined);
      return;
    }
    const { id = '' } = request.params as { id?: string };
    if (subject === 'camera') {
      const lao = (await deps.readPlaces([id])).get(id);
      await refuseUnless(request, deps, action, lao && { kind: 'camera', lao }, { cameraId: id });
    } else {
      const person = await deps.accounts.get(id);
      await refuseUnless(
        request,
        deps,
        action,
        person && { kind: 'person', grants: person.grants },
        { personId: id },
      );
    }
  });
}

/** Of whoever has signed in: it is refused whatever their right. */
async function recordNotWatched(request: FastifyRequest): Promise<void> {
  const { id } = request.params as { id?: string };
  if (request.actor === undefined || id === undefined) return;
  const { action } = request.routeOptions.config;
  try {
    await request.record(
      'access.refused',
      { kind: 'camera', id },
      { outcome: 'refused', detail: { action, method: request.method, scope: 'closed-area' } },
    );
  } catch (err) {
    request.log.error({ err }, 'that a closed area was not watched was not recorded');
  }
}

/** `named`: what the address names; with no subject to it, it does not exist. */
async function refuseUnless(
  request: FastifyRequest,
  { audit }: RouteGuardDeps,
  action: Action,
  subject: Subject | undefined,
  named: { cameraId: string } | { personId: string } | undefined,
): Promise<void> {
  const { actor } = request;
  // What does not exist and what is out of scope must answer alike, whatever the actor may do elsewhere.
  const missing = actor !== undefined && named !== undefined && subject === undefined;
  const decision = missing ? 'hidden' : decide(actor, action, subject);
  const refusal = refusalOf(decision, named);
  if (refusal === undefined) return;
  if (actor !== undefined && !missing) {
    const [kind, id] =
      named === undefined
        ? ['route', request.routeOptions.url ?? '']
        : 'cameraId' in named
          ? ['camera', named.cameraId]
          : ['person', named.personId];
    await audit.record({
      actor: auditActorOf(actor),
      action: 'access.refused',
      object: { kind, id },
      outcome: 'refused',
      from: auditOriginOf(request),
      detail: { action, method: request.method },
    });
  }
  throw refusal;
}
