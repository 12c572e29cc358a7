import type { ColumnType, Kysely } from 'kysely';

/** The registry's tables, as `migrations/` make them; column types as `database/database.ts` says. */
export type RegistryDatabase = Kysely<RegistryTables>;

export interface RegistryTables {
  laos: LaoTable;
  budget_sources: NamedTable;
  sites: SiteTable;
  cameras: CameraTable;
  camera_linked_agencies: LinkedAgencyTable;
  streams: StreamTable;
  stream_credentials: StreamCredentialTable;
}

export interface LaoTable {
  id: string;
  province: string;
  district: string;
  name: string;
}

export interface NamedTable {
  id: string;
  name: string;
}

/** Cameras that share a line. Budgets are null where the site has none of its own. */
export interface SiteTable extends NamedTable {
  max_sessions: Defaulted<number | null>;
  max_sessions_per_box: Defaulted<number | null>;
  uplink_bits_per_second: Defaulted<number | null>;
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
}

export interface LinkedAgencyTable {
  camera_id: string;
  /** Order in which they were given, from 0. */
  ordinal: number;
  name: string;
}

export interface StreamTable {
  camera_id: string;
  /** The camera's own; a foreign key on both columns keeps streams out of closed areas. */
  scope: 'public-area' | 'adjacent-road';
  /** Without credentials. */
  url: string;
  transport: 'auto' | 'tcp' | 'udp';
  tls_verify: 'system' | 'pin' | 'skip';
  tls_fingerprint: string | null;
  sound: number;
  record: number;
}

export interface StreamCredentialTable {
  camera_id: string;
  username: string | null;
  password: string | null;
}
