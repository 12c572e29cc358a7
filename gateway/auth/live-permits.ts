import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Place } from '#registry/area.ts';
import type { AuditOrigin } from '../audit/audit.ts';
import { auditActorOf } from '../audit/request-entry.ts';
import type { LiveViews } from '../audit/views.ts';
import { httpErrorOf, type HttpError } from '../errors.ts';
import type { Actor } from './actor.ts';
import { runFor, type Admission, type Admitted, type Running } from './admission.ts';
import { credentialOf, type Credential } from './credential.ts';
import { placesTogether } from './places-together.ts';
import { decide, type Decision } from './policy.ts';
import { refusalOf } from './refusal.ts';

/**
 * Who may have live bytes. The same policy as everywhere, asked so that the answer to the next part of a stream that is
 * being watched costs no query and no promise. Every decision is looked at again when rights are (admission.ts); what is
 * under way ends with its right.
 */
export interface LivePermits {
  ask: (request: IncomingMessage, cameraId: string) => LivePermit | Promise<LivePermit>;
}

export type LivePermit =
  | {
      allowed: true;
      /** `end` is called when the right ends first. Returns how to say that it is over. */
      whileAllowed: (end: () => void) => () => void;
    }
  | { allowed: false; error: HttpError };

export interface LivePermitsDeps {
  admission: Admission;
  cookieName: string;
  addressOf: (request: IncomingMessage) => string | null;
  readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>;
  /** What is being watched, as it is recorded (audit/views.ts). */
  views: Pick<LiveViews, 'touch' | 'end'>;
  recordRefusal: (actor: Actor, cameraId: string, from: AuditOrigin) => Promise<void>;
}

/** One person and one camera. */
interface Watch {
  admitted: Admitted;
  cameraId: string;
  /** Of the rights that it was decided by. */
  version: number;
  place: Place | undefined;
  decision: Decision;
  usedMs: number;
  running: number;
}

/** What a connection showed last, as it came; kept no longer than the connection. */
interface Shown {
  authorization: string | undefined;
  cookie: string | undefined;
  credential: Credential | undefined;
}

/** Cameras decided about for one person; past it those used longest ago are looked up again. */
const MAX_WATCHES = 2_000;
/** Not asked for within it: looked up again. */
const FORGET_MS = 60_000;

export function livePermits(deps: LivePermitsDeps): LivePermits {
  const { admission, views } = deps;
  const placeOf = placesTogether(deps.readPlaces);
  const watches = new WeakMap<Admitted, Map<string, Watch>>();
  const shown = new WeakMap<Socket, Shown>();

  /** A connection shows the same credential with every request: its hash is made once. */
  function credentialShown({ headers, socket }: IncomingMessage): Credential | undefined {
    const { authorization, cookie } = headers;
    const before = shown.get(socket);
    if (before?.authorization === authorization && before?.cookie === cookie) {
      return before?.credential;
    }
    const credential = credentialOf(headers, deps.cookieName);
    shown.set(socket, { authorization, cookie, credential });
    return credential;
  }

  function ofPerson(admitted: Admitted): Map<string, Watch> {
    let own = watches.get(admitted);
    if (own === undefined) {
      own = new Map();
      watches.set(admitted, own);
    }
    return own;
  }

  function decideOn(watch: Watch): void {
    const { rights, version } = watch.admitted;
    const before = watch.decision;
    watch.version = version;
    watch.decision = rights.pending
      ? 'signed-out'
      : watch.place === undefined
        ? 'hidden'
        : decide(rights.actor, 'camera.watch', { kind: 'camera', lao: watch.place });
    if (before === 'allowed' && watch.decision !== 'allowed') {
      const { id } = rights.actor;
      views.end(
        ({ actor, cameraId }) => actor.id === id && cameraId === watch.cameraId,
        'right-ended',
      );
    }
  }

  async function begin(admitted: Admitted, cameraId: string): Promise<Watch> {
    const place = await placeOf(cameraId);
    const own = ofPerson(admitted);
    const known = own.get(cameraId);
    const watch: Watch = known ?? {
      admitted,
      cameraId,
      version: 0,
      place,
      decision: 'hidden',
      usedMs: 0,
      running: 0,
    };
    watch.place = place;
    decideOn(watch);
    own.delete(cameraId);
    own.set(cameraId, watch);
    if (own.size > MAX_WATCHES) {
      for (const [id, { running }] of own) {
        if (running > 0) continue;
        own.delete(id);
        break;
      }
    }
    return watch;
  }

  function permitOf(watch: Watch, from: () => AuditOrigin): LivePermit | Promise<LivePermit> {
    watch.usedMs = performance.now();
    const refusal = refusalOf(watch.decision, { cameraId: watch.cameraId });
    if (refusal !== undefined) return { allowed: false, error: httpErrorOf(refusal) };
    const starting = views.touch({
      actor: auditActorOf(watch.admitted.rights.actor),
      cameraId: watch.cameraId,
      from: from(),
    });
    const permit: LivePermit = {
      allowed: true,
      whileAllowed: (end) => whileAllowed(watch, end),
    };
    if (starting === undefined) return permit;
    return starting.then(
      () => permit,
      (error: unknown): LivePermit => ({ allowed: false, error: httpErrorOf(error) }),
    );
  }

  /** Everything that is watched, read in a few queries: cameras move to another LAO, and are deleted. */
  admission.onRechecked(async () => {
    const all: Watch[] = [];
    const idleSinceMs = performance.now() - FORGET_MS;
    for (const admitted of admission.all()) {
      const own = watches.get(admitted);
      if (own === undefined) continue;
      for (const [id, watch] of own) {
        if (watch.usedMs < idleSinceMs && watch.running === 0) own.delete(id);
        else all.push(watch);
      }
    }
    if (all.length === 0) return;
    const places = await deps.readPlaces([...new Set(all.map(({ cameraId }) => cameraId))]);
    for (const watch of all) {
      const place = places.get(watch.cameraId);
      if (watch.version === watch.admitted.version && isSamePlace(place, watch.place)) continue;
      watch.place = place;
      decideOn(watch);
    }
  });

  async function askAnew(
    request: IncomingMessage,
    cameraId: string,
    from: () => AuditOrigin,
  ): Promise<LivePermit> {
    try {
      const credential = credentialShown(request);
      const admitted = credential === undefined ? undefined : await admission.admit(credential);
      if (admitted === undefined) return signedOut;
      const watch = await begin(admitted, cameraId);
      if (watch.decision === 'refused' || watch.decision === 'hidden') {
        await deps.recordRefusal(admitted.rights.actor, cameraId, from());
      }
      return await permitOf(watch, from);
    } catch (error) {
      return { allowed: false, error: httpErrorOf(error) };
    }
  }

  return {
    ask(request, cameraId) {
      const from = (): AuditOrigin => ({
        address: deps.addressOf(request),
        userAgent: request.headers['user-agent'] ?? null,
      });
      const credential = credentialShown(request);
      if (credential === undefined) return signedOut;
      const admitted = admission.known(credential);
      const watch = admitted === undefined ? undefined : watches.get(admitted)?.get(cameraId);
      if (watch === undefined || watch.version !== watch.admitted.version) {
        return askAnew(request, cameraId, from);
      }
      return permitOf(watch, from);
    },
  };
}

const signedOut: LivePermit = {
  allowed: false,
  error: httpErrorOf(refusalOf('signed-out', { cameraId: '' })),
};

function whileAllowed(watch: Watch, end: () => void): () => void {
  const running: Running = {
    mayGoOn: () => watch.decision === 'allowed',
    end,
  };
  watch.running++;
  let over = false;
  const leave = runFor(watch.admitted, running);
  return () => {
    if (over) return;
    over = true;
    leave();
    watch.running--;
  };
}

function isSamePlace(one: Place | undefined, other: Place | undefined): boolean {
  return (
    one?.name === other?.name &&
    one?.district === other?.district &&
    one?.province === other?.province
  );
}
