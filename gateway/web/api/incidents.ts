import * as z from 'zod/mini';
import { call } from './call.ts';

/** Cameras that fell together, by the fault of none of them: /api/v1/incidents. */

const incidentOnWire = z.object({
  id: z.string(),
  kind: z.string(),
  /** Which site, network or worker. */
  key: z.string(),
  from: z.string(),
  /** Null while it lasts. */
  to: z.nullable(z.string()),
  cameras: z.number(),
  camerasInArea: z.number(),
});
export type Incident = z.infer<typeof incidentOnWire>;

const listOnWire = z.object({ incidents: z.array(incidentOnWire) });

export async function readIncidents(days: number, signal: AbortSignal): Promise<Incident[]> {
  return (await call(listOnWire, `/api/v1/incidents?days=${days}`, { signal })).incidents;
}
