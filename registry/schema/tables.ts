import type { ColumnType, Kysely } from 'kysely';
import type { ObservedReason, ObservedState } from '../events/camera-event.ts';
import type { DeclarationSource } from '../declaration-reasons.ts';
import type { Observer, ValueSource } from '../provenance.ts';
import type { Light } from '../usual-stream.ts';
import type { LaoType } from '../thai-names.ts';
import type { SurveyTables } from './survey-tables.ts';

/** The registry's tables, as `migrations/` make them; column types as `database/database.ts` says. */
export type RegistryDatabase = Kysely<RegistryTables>;

export interface RegistryTables extends SurveyTables {
  laos: LaoTable;
  lao_former_names: LaoFormerNameTable;
  budget_source_former_names: BudgetSourceFormerNameTable;
  budget_sources: BudgetSourceTable;
  sites: SiteTable;
  cameras: CameraTable;
  camera_linked_agencies: LinkedAgencyTable;
  streams: StreamTable;
  stream_credentials: StreamCredentialTable;
  camera_search: CameraSearchTable;
  camera_changes: CameraChangeTable;
  camera_observations: CameraObservationTable;
  camera_events: CameraEventTable;
  observed_states: ObservedStateTable;
  incidents: IncidentTable;
  incident_cameras: IncidentCameraTable;
  shard_leases: ShardLeaseTable;
  declarations: DeclarationTable;
  repairs: RepairTable;
  repair_changes: RepairChangeTable;
  stream_baselines: StreamBaselineTable;
  lao_counts: LaoCountTable;
  lao_count_marks: LaoCountMarkTable;
  lao_count_camera_marks: LaoCountCameraMarkTable;
  list_changes: ListChangeTable;
  accepted_imports: AcceptedImportTable;
}

/** A row of a list that the Department keeps, and others add to. */
export interface ManagedRow {
  id: string;
  name: string;
  /** Spellings with one key are one row (managed-keys.ts). Null: another row had it first, before there were keys. */
  match_key: Defaulted<string | null>;
  status: Defaulted<'listed' | 'proposed' | 'merged'>;
  /** Where its cameras went. The row stays, so that its spelling leads there. */
  merged_into: Defaulted<string | null>;
  /** Author as JSON; null for rows of the list itself. */
  proposed_by: Defaulted<string | null>;
  /** From 1. */
  version: Defaulted<number>;
}

/** One for each version of a row of a list but its first. */
export interface ListChangeTable {
  list: 'laos' | 'budget_sources' | 'sites';
  row_id: string;
  version: number;
  at_ms: number;
  /** JSON, Author. */
  author: string;
  /** JSON, [field, before, after][]. */
  changes: string;
}

export interface AcceptedImportTable {
  /** That of the import. */
  id: string;
  /** Whoever accepted it. */
  actor_id: string;
  file_name: string;
  /** JSON, Area[]: where they might import. */
  areas: string;
  /** JSON, FateCounts. */
  counts: string;
  accepted_at_ms: number;
  /** `saved` within the transaction that writes the cameras; `lost`: it never will be. */
  state: 'begun' | 'saved' | 'lost';
}

export interface LaoTable extends ManagedRow {
  province: string;
  district: string;
  code: Defaulted<string | null>;
  type: Defaulted<LaoType | null>;
  /** Official, of `district`; null where there is no such district. */
  district_code: Defaulted<string | null>;
  /** To whom it reports; null: to its district (forms.md §1). */
  reporting_parent: Defaulted<'district' | 'province' | null>;
}

/** As the list had it before an LAO was corrected. */
export interface LaoFormerNameTable {
  match_key: string;
  lao_id: string;
  name: string;
  district: string;
  province: string;
}

export type BudgetSourceTable = ManagedRow;

/** As the list had it before a budget source was corrected. */
export interface BudgetSourceFormerNameTable {
  match_key: string;
  budget_source_id: string;
  name: string;
}

export interface NamedTable {
  id: string;
  name: string;
}

/** Cameras of one LAO that share a line. Budgets are null where the site has none of its own. */
export interface SiteTable extends NamedTable {
  lao_id: string | null;
  /** Spellings with one key are one site (managed-keys.ts). Unique. */
  key: string;
  max_sessions: Defaulted<number | null>;
  max_sessions_per_box: Defaulted<number | null>;
  uplink_bits_per_second: Defaulted<number | null>;
  /** Only workers of it pull from the site; null: any. */
  network_zone: Defaulted<string | null>;
  /** Of one that was merged, and of a name that one had before: the site that it leads to, which leads no further. */
  merged_into: Defaulted<string | null>;
  /** From 1. */
  version: Defaulted<number>;
}

/** May be left out of an insert. */
type Defaulted<Value> = ColumnType<Value, Value | undefined, Value>;

export interface CameraTable {
  /** UUIDv7: lists are paged by it, oldest first. */
  id: string;
  owning_agency: string;
  position: string;
  purpose_prevention: number;
  purpose_investigation: number;
  purpose_traffic: number;
  link_network: string | null;
  brand: string | null;
  recorded_resolution: string | null;
  highest_resolution: string | null;
  retention_days: number | null;
  frame_rate: number | null;
  file_format: string | null;
  lao_id: string;
  budget_source_id: string;
  scope: 'public-area' | 'adjacent-road' | 'closed-area';
  declared: 'working' | 'under-repair' | 'unrepairable';
  latitude: number | null;
  longitude: number | null;
  site_id: string | null;
  model: string | null;
  /** Of the registration, from 1. */
  version: number;
  /** Unix ms; 0: when it was made. */
  updated_at_ms: number;
  declared_at_ms: number;
  declared_reason: string | null;
  /** Since when it has been declared damaged without a break, Unix ms; null while it is declared to work. */
  damaged_since_ms: Defaulted<number | null>;
  /** JSON {by: Author, atMs}. */
  attested: string | null;
  /** JSON, origins.ts. */
  origins: string | null;
  deleted_at_ms: Defaulted<number | null>;
  /** JSON {by: Author, reason}. */
  deleted: Defaulted<string | null>;
}

export interface LinkedAgencyTable {
  camera_id: string;
  /** Order in which they were given, from 0. */
  ordinal: number;
  name: string;
}

export interface StreamTable {
  camera_id: string;
  /** The camera's own; a foreign key on both columns (decision 0170) keeps streams out of closed areas. */
  scope: 'public-area' | 'adjacent-road';
  /** Without credentials; *** stands where it had one in its path or query. */
  url: string;
  sub_url: string | null;
  /** http, of a still picture; as `url`. */
  snapshot_url: string | null;
  /** SHA-256 of `url`, hex. */
  url_key: string | null;
  transport: 'auto' | 'tcp' | 'udp';
  tls_verify: 'system' | 'pin' | 'skip';
  tls_fingerprint: string | null;
  sound: number;
  record: number;
}

export interface StreamCredentialTable {
  camera_id: string;
  username: string | null;
  /** As it was stored before there was a key; sealed, and null, since the first start with one. */
  password: Defaulted<string | null>;
  /** stream-secrets.ts */
  sealed: string | null;
}

export interface CameraSearchTable {
  id: string;
  text: string;
}

/** One for each version of a camera. */
export interface CameraChangeTable {
  camera_id: string;
  version: number;
  at_ms: number;
  action: 'created' | 'changed' | 'deleted' | 'restored';
  source: ValueSource;
  /** JSON, Author. */
  author: string;
  /** JSON, [field, before, after][]. */
  changes: string;
  reason: string | null;
}

/** The latest value that each observer read. */
export interface CameraObservationTable {
  camera_id: string;
  source: Observer;
  field: string;
  /** JSON. */
  value: string;
  at_ms: number;
}

/** Every transition of every camera (events/camera-event.ts), once. */
export interface CameraEventTable {
  event_id: string;
  camera_id: string;
  epoch: number;
  sequence: number;
  at_ms: number;
  state: ObservedState;
  previous: ObservedState;
  reason: ObservedReason | null;
  /** JSON, Measured. */
  measured: string;
  worker: string;
}

/** What is seen of a camera now: its newest event by (epoch, sequence). A camera without a row was never looked at. */
export interface ObservedStateTable {
  camera_id: string;
  state: ObservedState;
  reason: ObservedReason | null;
  /** Since when it is in this state, whatever the reason. */
  since_ms: number;
  /** Of the newest event. */
  at_ms: number;
  epoch: number;
  sequence: number;
  event_id: string;
  /** 0 or 1. */
  flapping: number;
  /** JSON, Measured. */
  measured: string;
  incident_id: Defaulted<string | null>;
}

/** Many cameras falling together, counted as one fault, of something else than those cameras. */
export interface IncidentTable {
  id: string;
  kind: 'site' | 'network' | 'worker' | 'gateway';
  /** Which site, network or worker. */
  key: string;
  from_ms: number;
  /** Null while it lasts. */
  to_ms: number | null;
  /** How many. */
  cameras: number;
}

export interface IncidentCameraTable {
  incident_id: string;
  camera_id: string;
}

/** Who looks at a shard of cameras, and under which epoch (events/epochs.ts). */
export interface ShardLeaseTable {
  shard: string;
  worker: string;
  epoch: number;
  expires_at_ms: number;
  /** What people said of a camera's condition; the newest is the camera's own. */
}

export interface DeclarationTable {
  /** UUIDv7; the first one of a camera that was there before is the camera's. */
  id: string;
  camera_id: string;
  status: CameraTable['declared'];
  /** declaration-reasons.ts */
  reason: string;
  note: string | null;
  /** Day in Thailand on which it was seen to be so. */
  on_day: string;
  /** When it was entered. */
  at_ms: number;
  /** JSON, Author. */
  author: string;
  source: DeclarationSource;
}

/** One time that a camera was broken, from the report to its return. */
export interface RepairTable {
  /** UUIDv7 */
  id: string;
  camera_id: string;
  version: number;
  state: 'reported' | 'in-repair' | 'back-in-service' | 'unrepairable' | 'no-fault';
  opened_ms: number;
  closed_ms: number | null;
  reported_on: string;
  reported_by: string;
  /** repair-causes.ts */
  cause: string;
  note: string | null;
  contractor: string | null;
  warranty_until: string | null;
  due_on: string | null;
  /** 1/100 baht. */
  cost_satang: number | null;
  back_on: string | null;
}

/** One for each version of a repair. */
export interface RepairChangeTable {
  repair_id: string;
  version: number;
  at_ms: number;
  /** JSON, Author. */
  author: string;
  /** JSON, [field, before, after][]. */
  changes: string;
}

/** What is usual for a stream; see stream-baselines.ts. */
export interface StreamBaselineTable {
  camera_id: string;
  light: Light;
  /** Of the address that it was usual for (streams.url_key). */
  url_key: string;
  frame_rate: number;
  width: number;
  height: number;
  at_ms: number;
  /** JSON, Author; null: learnt. */
  author: string | null;
}

/** Counts of an LAO's cameras, as they were when they were counted last (lao-counts.ts). */
export interface LaoCountTable {
  lao_id: string;
  /** JSON: how many cameras by budget source and kind (counted-groups.ts). */
  counts: string;
}

/** The kept counts of this LAO are not true any more. Written by triggers; in PostgreSQL one LAO may have many. */
export interface LaoCountMarkTable {
  lao_id: string;
}

/** The kept counts of the LAO in which this camera is now are not true any more. In SQLite always empty. */
export interface LaoCountCameraMarkTable {
  camera_id: string;
}
