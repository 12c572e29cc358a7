/** The same for a wrong password, an unknown address, a closed account and an account without a password. */
export class SignInFailed extends Error {
  readonly code = 'sign_in_failed';
}

/** Too many tries for this account or from this address. */
export class TooManyTries extends Error {
  readonly code = 'too_many_tries';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super(`too many tries: wait ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
