import { CameraNotFound } from '#registry/camera-refusals.ts';
import type { Decision } from './policy.ts';

/** Nobody has signed in, or what they brought along is not good, or no more. */
export class SignInNeeded extends Error {
  readonly code = 'sign_in_needed';
}

/** The page that asks was drawn for somebody else: another person has signed in with the same browser since. */
export class AnotherPerson extends Error {
  readonly code = 'another_person';
}

/** They may not do this, here or anywhere. */
export class NotAllowed extends Error {
  readonly code = 'not_allowed';
}

/** A role of theirs allows it, in a session that has shown a second factor. */
export class SecondFactorNeeded extends Error {
  readonly code = 'second_factor_needed';
}

export class PersonNotFound extends Error {
  readonly code = 'person_not_found';
}

/** A decision as the error that a client gets; undefined: allowed. */
export function refusalOf(
  decision: Decision,
  subject: { cameraId: string } | { personId: string } | undefined,
): Error | undefined {
  switch (decision) {
    case 'allowed':
      return undefined;
    case 'signed-out':
      return new SignInNeeded('sign in first');
    case 'hidden':
      if (subject === undefined) return new NotAllowed('your role does not allow this');
      return 'cameraId' in subject
        ? new CameraNotFound(subject.cameraId)
        : new PersonNotFound(`no person ${subject.personId} in your area`);
    case 'refused':
      return new NotAllowed('your role does not allow this');
    case 'second-factor':
      return new SecondFactorNeeded(
        'your role allows this after a second factor: set one up, or show it',
      );
  }
}
