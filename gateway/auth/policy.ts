import { contains, containsArea, country, type Area, type Place } from '#registry/area.ts';
import { actionNames, type Action } from './actions.ts';
import { areasOf, secondFactorRoles, type Actor, type Grant, type Role } from './actor.ts';

/**
 * The one decision about who may do what: a pure function of who, what and on what. Every route and every live byte asks
 * it. The table in ROLES.md is made from `allowedTo`.
 */

/** What is acted on. */
export type Subject =
  /** A camera, or anything that belongs to one: by the LAO that it is of. */
  | { kind: 'camera'; lao: Place }
  /** A person, by what they hold; all of it must lie within the actor's area. */
  | { kind: 'person'; grants: readonly Grant[] }
  | { kind: 'area'; area: Area };

export type Decision =
  | 'allowed'
  /** Nobody has signed in: 401. */
  | 'signed-out'
  /** For this actor the subject does not exist: 404. */
  | 'hidden'
  /** The actor may know of it, and not do this: 403. */
  | 'refused'
  /** A role of theirs allows it once a second factor was shown: 403, with a code of its own. */
  | 'second-factor';

/** Which actions each role allows, in the area that it was given for. */
export const allowedTo: Readonly<Record<Role, ReadonlySet<Action>>> = {
  // An LAO keeps its own cameras (forms.md §3) and sees them.
  owner: new Set<Action>([
    'camera.list',
    'camera.read',
    'camera.watch',
    'footage.list',
    'footage.play',
    'footage.download',
    'footage.hold',
    'retention.shorten',
    'deletions.read',
    'camera.create',
    'camera.edit',
    'camera.delete',
    'camera.credentials',
    'camera.import',
    'camera.export',
    'camera.test',
    'camera.declare',
    'repair.list',
    'repair.keep',
    'place.propose',
    'survey.read',
    'survey.fill',
  ]),
  // A district collects, and enters data for an LAO that cannot: its pictures are not needed for that.
  district: new Set<Action>([
    'camera.list',
    'camera.read',
    'camera.create',
    'camera.edit',
    'camera.delete',
    'camera.credentials',
    'camera.import',
    'camera.export',
    'camera.test',
    'camera.declare',
    'repair.list',
    'repair.keep',
    'place.propose',
    'survey.read',
    'survey.fill',
    'survey.district',
  ]),
  // The provincial committee inspects how the system is used: it looks at everything, and signs what the province sends.
  province: new Set<Action>([
    'camera.list',
    'camera.read',
    'camera.watch',
    'camera.export',
    'repair.list',
    'footage.list',
    'deletions.read',
    'survey.read',
    'survey.province',
  ]),
  // The Department keeps the lists that everybody's counts go by.
  dla: new Set<Action>([
    'camera.list',
    'camera.read',
    'camera.watch',
    'camera.export',
    'repair.list',
    'place.propose',
    'place.manage',
    'footage.list',
    'retention.shorten',
    'deletions.read',
    'metrics.read',
    'survey.read',
    'survey.country',
  ]),
  operator: new Set<Action>([
    'camera.list',
    'camera.read',
    'camera.watch',
    'repair.list',
    'footage.list',
    'footage.play',
    // Whoever sees it happen keeps it.
    'footage.hold',
    'metrics.read',
    'survey.read',
  ]),
  // Looks back to find who broke the law (forms.md §3), and takes away what is evidence.
  investigator: new Set<Action>([
    'camera.list',
    'camera.read',
    'camera.watch',
    'footage.list',
    'footage.play',
    'footage.download',
    'footage.hold',
    'deletions.read',
  ]),
  // Whoever approves the use of footage has not looked at it for themselves. What lets footage be deleted is theirs.
  approver: new Set<Action>([
    'camera.list',
    'camera.read',
    'footage.list',
    'footage.hold',
    'footage.release',
    'retention.approve',
    'deletions.read',
  ]),
  // Reads what others did, and what they did it to; does nothing.
  auditor: new Set<Action>([
    'camera.list',
    'camera.read',
    'deletions.read',
    'audit.read',
    'audit.export',
    'survey.read',
  ]),
  // Everything but the record of it, and the lists that the whole country counts by: an administrator may be of one LAO.
  administrator: new Set<Action>(
    actionNames.filter((action) => !action.startsWith('audit.') && action !== 'place.manage'),
  ),
};

/** `subject` is left out where an action has none, or many (a list): then any area will do, and `areasFor` narrows it. */
export function decide(actor: Actor | undefined, action: Action, subject?: Subject): Decision {
  if (actor === undefined) return 'signed-out';
  // The gateway's own acts are recorded, not asked for.
  if (actor.kind === 'system') return 'refused';
  if (actor.kind === 'person' || actor.actions.has(action)) {
    if (covers(areasFor(actor, action), subject)) return 'allowed';
    if (covers(areasFor({ ...actor, secondFactor: true }, action), subject)) return 'second-factor';
  }
  return knows(actor, subject) ? 'refused' : 'hidden';
}

/** Where the actor may do it: what lists are narrowed to, in SQL. Empty: nowhere. An area within another is left out. */
export function areasFor(actor: Actor, action: Action): Area[] {
  if (actor.kind === 'token' && !actor.actions.has(action)) return [];
  const areas = actor.grants
    .filter(({ role }) => allowedTo[role].has(action) && counts(actor, role))
    .flatMap(areasOf);
  return areas.filter(
    (area, index) =>
      !areas.some(
        (other, at) =>
          at !== index && containsArea(other, area) && (at < index || !containsArea(area, other)),
      ),
  );
}

/** What the actor may do somewhere: for screens, which show no more than that. */
export function actionsOf(actor: Actor): Action[] {
  return actionNames.filter((action) => decide(actor, action) === 'allowed');
}

/** A role that needs a second factor gives nothing without it. */
function counts(actor: Actor, role: Role): boolean {
  return actor.kind === 'system' || actor.secondFactor || !secondFactorRoles.has(role);
}

/** Whether there is such a thing is no secret to them. */
function knows(actor: Actor, subject: Subject | undefined): boolean {
  switch (subject?.kind) {
    case undefined:
    case 'area':
      return true;
    case 'camera':
      return covers(areasFor(ofAccount(actor), 'camera.read'), subject);
    case 'person':
      return covers(areasFor(ofAccount(actor), 'people.manage'), subject);
  }
}

/** A token that is limited to some actions knows what its account knows. */
function ofAccount(actor: Actor): Actor {
  return actor.kind === 'token' ? { ...actor, kind: 'person' } : actor;
}

function covers(areas: readonly Area[], subject: Subject | undefined): boolean {
  const covered = (inner: Area): boolean => areas.some((outer) => containsArea(outer, inner));
  switch (subject?.kind) {
    case undefined:
      return areas.length > 0;
    case 'camera':
      return areas.some((area) => contains(area, subject.lao));
    case 'person':
      // Whoever holds nothing is nobody's, and kept by those who keep the whole country.
      return subject.grants.length === 0
        ? covered(country)
        : subject.grants.every((grant) => covered(grant.area));
    case 'area':
      return covered(subject.area);
  }
}
