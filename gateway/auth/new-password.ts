import type { Passwords } from './passwords.ts';
import { MIN_PASSWORD_LENGTH, passwordFault, type PasswordFault } from './password-rules.ts';

/** The password that was chosen will not do; the message says why. */
export class PasswordNotAccepted extends Error {
  readonly code = 'password_not_accepted';
  readonly details: { fault: PasswordFault };
  constructor(fault: PasswordFault) {
    super(words[fault]);
    this.details = { fault };
  }
}

const words: Readonly<Record<PasswordFault, string>> = {
  'too-short': `a password has ${MIN_PASSWORD_LENGTH} characters or more; several words are easy to remember`,
  'too-long': 'the password is too long',
  common: 'the password is among those that are tried first',
  'own-name':
    'the password is little more than your name, your e-mail address or the name of this system',
};

/** Returns the hash to keep. Throws PasswordNotAccepted, TooManySignIns. */
export async function hashNewPassword(
  passwords: Passwords,
  password: string,
  owner: { name: string; email: string },
): Promise<string> {
  const fault = await passwordFault(password, [owner.name, owner.email]);
  if (fault !== undefined) throw new PasswordNotAccepted(fault);
  return passwords.hash(password);
}
