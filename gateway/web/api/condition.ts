import * as z from 'zod/mini';
import { call, order, queryOf } from './call.ts';

/** A camera's condition: what is seen of it, and what people say. */

const author = z.object({ id: z.string(), name: z.string(), proxyFor: z.nullable(z.string()) });

const declarationOnWire = z.object({
  id: z.string(),
  status: z.string(),
  reason: z.string(),
  note: z.nullable(z.string()),
  on: z.string(),
  at: z.string(),
  by: author,
  source: z.string(),
});
export type Declaration = z.infer<typeof declarationOnWire>;

const transitionOnWire = z.object({
  eventId: z.string(),
  at: z.string(),
  state: z.string(),
  previous: z.string(),
  reason: z.nullable(z.string()),
});
export type Transition = z.infer<typeof transitionOnWire>;

const conditionOnWire = z.object({
  observed: z.nullable(
    z.object({
      state: z.string(),
      reason: z.nullable(z.string()),
      since: z.string(),
      flapping: z.boolean(),
    }),
  ),
  transitions: z.array(transitionOnWire),
  nextCursor: z.nullable(z.string()),
});
export type CameraCondition = z.infer<typeof conditionOnWire>;

/** Transitions of one strip, at most. */
const TRANSITIONS = 500;

function ofCamera(id: string): string {
  return `/api/v1/cameras/${encodeURIComponent(id)}`;
}

export async function readDeclarations(id: string, signal: AbortSignal): Promise<Declaration[]> {
  const answer = z.object({ declarations: z.array(declarationOnWire) });
  return (await call(answer, `${ofCamera(id)}/declarations`, { signal })).declarations;
}

export interface DeclarationGiven {
  status: string;
  reason: string;
  note: string | null;
  on: string;
}

export function declareCondition(id: string, given: DeclarationGiven): Promise<void> {
  return order(`${ofCamera(id)}/declarations`, { method: 'POST', body: given });
}

export function readCondition(
  id: string,
  from: string,
  signal: AbortSignal,
): Promise<CameraCondition> {
  const query = queryOf({ from, limit: TRANSITIONS });
  return call(conditionOnWire, `${ofCamera(id)}/condition${query}`, { signal });
}

const usualOnWire = z.nullable(
  z.object({
    frameRate: z.number(),
    width: z.number(),
    height: z.number(),
    at: z.string(),
    /** Null: learnt from the stream. */
    by: z.nullable(author),
  }),
);
const baselineOnWire = z.object({ day: usualOnWire, night: usualOnWire });
export type UsualStream = NonNullable<z.infer<typeof usualOnWire>>;
export type StreamBaseline = z.infer<typeof baselineOnWire>;
export type Light = keyof StreamBaseline;

/** What is usual for the camera's stream. */
export function readBaseline(id: string, signal: AbortSignal): Promise<StreamBaseline> {
  return call(baselineOnWire, `${ofCamera(id)}/baseline`, { signal });
}

/** Null: forgotten, and learnt anew. */
export function setUsual(
  id: string,
  light: Light,
  usual: { frameRate: number; width: number; height: number } | null,
): Promise<StreamBaseline> {
  return call(baselineOnWire, `${ofCamera(id)}/baseline`, {
    method: 'PATCH',
    body: { [light]: usual },
  });
}
