import type { SurveyReturnTable } from '../schema/survey-tables.ts';

/** Why something is not done to a return. */

/** Cameras and returns that one refusal names. */
export const MAX_NAMED = 200;

export class ReturnNotFound extends Error {
  readonly code = 'survey_return_not_found';
  constructor(id: string) {
    super(`no return ${id}`);
  }
}

/** Somebody was faster: it is at another version, or was sent, accepted or sent back meanwhile. */
export class ReturnChangedMeanwhile extends Error {
  readonly code = 'survey_return_changed_meanwhile';
  readonly details: { version: number; state: string };
  constructor({ version, state }: Pick<SurveyReturnTable, 'version' | 'state'>) {
    super(`the return is at version ${version} and ${state} now: look at it again`);
    this.details = { version, state };
  }
}

/** The round is closed. */
export class RoundClosed extends Error {
  readonly code = 'survey_round_closed';
}

/** Cameras that were neither seen, nor declared lately, nor inspected. */
export class EvidenceMissing extends Error {
  readonly code = 'survey_evidence_missing';
  readonly details: { count: number; cameras: string[] };
  constructor(count: number, cameras: string[]) {
    super(
      `${count} cameras were neither seen in the window nor declared lately: inspect them on site and say so`,
    );
    this.details = { count, cameras };
  }
}

/** Cameras were seen damaged, and nobody has said what they are. */
export class AwaitingClassification extends Error {
  readonly code = 'survey_awaiting_classification';
  readonly details: { count: number };
  constructor(count: number) {
    super(`${count} cameras await classification: classify them, or sign them as under repair`);
    this.details = { count };
  }
}

/** Returns below have not been accepted. */
export class PartsMissing extends Error {
  readonly code = 'survey_parts_missing';
  readonly details: { count: number; names: string[] };
  constructor(names: string[]) {
    super(`${names.length} returns below are not accepted: wait for them, or say why without them`);
    this.details = { count: names.length, names: names.slice(0, MAX_NAMED) };
  }
}

/** Of the return's snapshot there are no such cameras. */
export class CamerasNotOfReturn extends Error {
  readonly code = 'survey_cameras_not_of_return';
  readonly details: { cameras: string[] };
  constructor(cameras: string[]) {
    super('not cameras of this return');
    this.details = { cameras: cameras.slice(0, MAX_NAMED) };
  }
}

/** What is asked makes no sense of such a return: a district has no cameras of its own to classify. */
export class NotOfThisReturn extends Error {
  readonly code = 'survey_not_of_this_return';
}

/** Its cameras are to be taken anew, and the registry has no others. */
export class SnapshotAsRegistered extends Error {
  readonly code = 'survey_snapshot_as_registered';
}

/** What went up cannot be sent back while it is part of what was sent on. */
export class SentOnAlready extends Error {
  readonly code = 'survey_sent_on_already';
}

/** A form is signed when it is filled in, not before. */
export class SignedInFuture extends Error {
  readonly code = 'survey_signed_in_future';
}
