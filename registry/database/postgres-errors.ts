import { DatabaseError } from 'pg';
import {
  ConstraintViolated,
  DatabaseFailed,
  DatabaseUnavailable,
  DiskFull,
  TransactionsCrossed,
} from './database.ts';

/** PostgreSQL's error codes, by class and by code (Appendix A of its manual). */
const violationClass = '23';
const passingClasses = ['08', '40', '53', '57'];
const passingCodes = ['55P03'];
const DISK_FULL = '53100';
const DEADLOCK = '40P01';

/** In the port's words. */
export function errorOf(error: unknown): Error {
  if (!(error instanceof Error)) return new DatabaseFailed(String(error));
  const { message } = error;
  if (!(error instanceof DatabaseError)) {
    // pg's own words for a connection that cannot be had or was lost, or Node's for a socket.
    return new DatabaseUnavailable(`the database cannot be reached: ${message || codeOf(error)}`, {
      cause: error,
    });
  }
  const code = error.code ?? '';
  if (code.startsWith(violationClass)) return new ConstraintViolated(message, { cause: error });
  if (code === DEADLOCK) return new TransactionsCrossed(message, { cause: error });
  if (code === DISK_FULL) return new DiskFull('the disk of the database is full', { cause: error });
  const passing =
    passingClasses.some((start) => code.startsWith(start)) || passingCodes.includes(code);
  return passing
    ? new DatabaseUnavailable(message, { cause: error })
    : new DatabaseFailed(message, { cause: error });
}

/** An AggregateError of a host with several addresses has no message of its own. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
