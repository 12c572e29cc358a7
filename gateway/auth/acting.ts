import type { FastifyRequest } from 'fastify';
import type { Author } from '#registry/author.ts';
import type { Actor } from './actor.ts';
import { SignInNeeded } from './refusal.ts';

/** Whoever acts. Rules of routes let nobody else come so far, which the types do not know: throws SignInNeeded. */
export function actingIn({ actor }: Pick<FastifyRequest, 'actor'>): Actor {
  if (actor === undefined) throw new SignInNeeded('sign in first');
  return actor;
}

/** The author of what is nobody's place: they do it as themselves. */
export function asThemselves({ id, name }: Actor): Author {
  return { id, name, proxyFor: null };
}
