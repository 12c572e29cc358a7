import type { SurveyColumn, SurveyRule } from '../condition.ts';

/** Tables of the survey, as migrations 0009 and 0026 make them. */
export interface SurveyTables {
  survey_statuses: SurveyStatusTable;
  survey_rounds: SurveyRoundTable;
  survey_deadlines: SurveyDeadlineTable;
  survey_cameras: SurveyCameraTable;
  survey_returns: SurveyReturnTable;
  survey_versions: SurveyVersionTable;
  survey_rows: SurveyRowTable;
  survey_classifications: SurveyClassificationTable;
  survey_notes: SurveyNoteTable;
  survey_parts: SurveyPartTable;
  survey_reminders: SurveyReminderTable;
  survey_retakes: SurveyRetakeTable;
  survey_retaken_cameras: SurveyRetakenCameraTable;
}

/** A camera that counts otherwise than it is declared, or might be declared anew. Good while `declared_at_ms` is the camera's. */
export interface SurveyStatusTable {
  camera_id: string;
  awaiting: number;
  /** It would count as damaged, had an incident not been taken out. */
  in_incident: number;
  proposal: 'working' | null;
  rule: SurveyRule;
  declared_at_ms: number;
  at_ms: number;
}

export interface SurveyRoundTable {
  id: string;
  title: string;
  reference: string;
  cut_off_ms: number;
  window_ms: number;
  /** JSON, Area[]. */
  scope: string;
  counts_closed_areas: number;
  declaration_days: number;
  state: 'open' | 'frozen' | 'closed';
  /** JSON, Author. */
  opened_by: string;
  opened_ms: number;
  frozen_ms: number | null;
  closed_ms: number | null;
  /** Of one that is closed and was never frozen: why it was cancelled. */
  cancelled_reason: string | null;
}

export type SurveyLevel = 'lao' | 'district' | 'province';

export interface SurveyDeadlineTable {
  round_id: string;
  level: SurveyLevel;
  /** Empty: of the whole country. */
  province: string;
  due_ms: number;
  letter_number: string | null;
  contact: string | null;
}

/** A camera as it was when the round froze. */
export interface SurveyCameraTable extends CountedCameraColumns {
  round_id: string;
  lao_id: string;
}

/** A camera of an LAO's return whose cameras were taken anew: as it stands in the registry, in the condition of the cut-off. */
export interface SurveyRetakenCameraTable extends CountedCameraColumns {
  return_id: string;
  /** From 1, for each return. */
  snapshot: number;
}

export interface CountedCameraColumns {
  camera_id: string;
  budget_source_id: string;
  budget_source: string;
  position: string;
  linked: number;
  declared: SurveyColumn;
  declared_at_ms: number;
  observed: string | null;
  status: SurveyColumn;
  awaiting: number;
  in_incident: number;
  basis: 'declared' | 'observed';
  rule: SurveyRule;
  proposal: 'working' | null;
  /** It was seen in the window, or declared lately enough. */
  evidence: number;
}

export interface SurveyReturnTable {
  id: string;
  round_id: string;
  level: SurveyLevel;
  name: string;
  lao_id: string | null;
  /** Empty for a province's. */
  district: string;
  province: string;
  /** The level above: an LAO's is its district, or the province directly. */
  reports_to: 'district' | 'province' | 'country';
  /** Null for a province's: it goes to the Department. */
  parent_id: string | null;
  state: 'draft' | 'sent-back' | 'submitted' | 'accepted';
  version: number;
}

export interface SurveyVersionTable {
  return_id: string;
  version: number;
  state: 'draft' | 'submitted' | 'accepted' | 'sent-back';
  source: 'registry' | 'form';
  /** Which cameras it counts: 0 the round's, else those of `survey_retaken_cameras`. */
  snapshot: number;
  made_ms: number;
  /** JSON, Author; so are the others that end in `_by`. */
  made_by: string;
  correction_reason: string | null;
  /** JSON {name, position, date}. */
  signature: string | null;
  submitted_ms: number | null;
  submitted_by: string | null;
  incomplete_reason: string | null;
  decided_ms: number | null;
  decided_by: string | null;
  decided_reason: string | null;
}

/** A row of the form (forms.md §2). */
export interface SurveyRowTable {
  return_id: string;
  version: number;
  ordinal: number;
  lao_id: string;
  lao: string;
  district: string;
  province: string;
  budget_source_id: string | null;
  budget_source: string;
  total: number;
  working: number;
  under_repair: number;
  unrepairable: number;
  awaiting: number;
  note: string;
}

export interface SurveyClassificationTable {
  return_id: string;
  version: number;
  camera_id: string;
  status: SurveyColumn;
  reason_code: string | null;
  note: string | null;
  inspected_on: string | null;
  by: string;
  at_ms: number;
}

export interface SurveyNoteTable {
  return_id: string;
  version: number;
  budget_source: string;
  note: string;
}

export interface SurveyPartTable {
  return_id: string;
  version: number;
  part_id: string;
  part_version: number;
}

export interface SurveyReminderTable {
  id: string;
  return_id: string;
  kind: 'due-soon' | 'late' | 'by-hand';
  at_ms: number;
  due_ms: number;
  by: string | null;
}

/** That cameras of a return were taken anew, by whom and why, and what became another by it. */
export interface SurveyRetakeTable {
  return_id: string;
  snapshot: number;
  at_ms: number;
  /** JSON, Author. */
  by: string;
  reason: string;
  added: number;
  removed: number;
  changed: number;
}
