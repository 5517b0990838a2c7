/** Every refusal on its way out, as problem details (RFC 9457). */
import type { Refusal } from '../kernel/decider.ts';
import { BadCursor, NoSuchRecord } from '../kernel/query.ts';
import { AppendRefused, LogUnavailable } from '../runtime/event-log/port.ts';
import { CommandMismatch, Conflict, InvalidInput, Overloaded, ViewsLag } from '../runtime/executor/port.ts';
import { DatabaseUnavailable } from '../runtime/queries/port.ts';
import type { Answer } from './endpoint.ts';

export interface FieldError {
  /** JSON pointer (RFC 6901) into the body, or `/name` of a parameter. */
  readonly pointer: string;
  readonly detail: string;
}

interface Extras {
  readonly errors?: readonly FieldError[];
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is a refusal. The message is a sentence for the person who reads it; it holds no secret and no trace. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly extras: Extras;
  constructor(status: number, code: string, detail: string, extras: Extras = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.extras = extras;
  }
}

const RETRY_SOON_S = 1;
const RETRY_LATER_S = 5;
const again = (seconds: number) => ({ headers: { 'Retry-After': String(seconds) } });

export const unauthenticated = (detail: string): Problem =>
  new Problem(401, 'NotSignedIn', detail, { headers: { 'WWW-Authenticate': 'Bearer realm="throughline"' } });

export const forbidden = (detail = 'Your roles do not allow this.'): Problem => new Problem(403, 'Forbidden', detail);

export const notFound = (detail: string): Problem => new Problem(404, 'NotFound', detail);

export const stale = (revision: number): Problem =>
  new Problem(412, 'StaleVersion', 'The record has changed since you saw it; look again before you decide.', {
    details: { revision },
    headers: revision < 0 ? {} : { ETag: `"${revision}"` },
  });

export const mismatch = (): Problem =>
  new Problem(422, 'IdempotencyMismatch', 'This Idempotency-Key was used before with another request; use a new key for a new request.');

export const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem(422, 'Validation', 'Some of what was sent is not valid.', { errors });

/** Parameters are malformed (400); a name in the path that cannot be one is a record that does not exist (404). */
export function badParameters(errors: readonly FieldError[], namesInPath: readonly string[]): Problem {
  if (errors.every(({ pointer }) => namesInPath.includes(pointer.slice(1)))) return notFound('There is no such record.');
  return new Problem(400, 'BadParameter', 'Some parameters are not known here or do not have the form they must have.', { errors });
}

const REFUSED_STATUS: Readonly<Record<string, number>> = { NotFound: 404, Forbidden: 403, Validation: 422 };
const RULE_STATUS = 409;

/** A business no: its name is the code, its sentence the detail. */
export function refusedBy({ refused, because, details = {} }: Refusal): Problem {
  const { errors, ...rest } = details as { errors?: readonly FieldError[] };
  return new Problem(REFUSED_STATUS[refused] ?? RULE_STATUS, refused, because, {
    ...(errors === undefined ? {} : { errors }),
    ...(Object.keys(rest).length === 0 ? {} : { details: rest }),
  });
}

/** What each known failure means to the one who asked. Anything else is a bug of ours and says nothing about itself. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidInput) return invalid(error.errors);
  if (error instanceof BadCursor) return new Problem(400, 'BadCursor', 'The cursor was not made by this list; begin again without it.');
  if (error instanceof NoSuchRecord) return notFound(error.message);
  if (error instanceof CommandMismatch) return mismatch();
  if (error instanceof Conflict) return new Problem(409, 'Conflict', 'Others kept changing this record; try again.', again(RETRY_SOON_S));
  if (error instanceof AppendRefused) return new Problem(409, 'NotStored', 'The event store refused what this would record.');
  return unavailable(error) ?? malformed(error) ?? new Problem(500, 'Internal', 'Something went wrong here; it was written to the log.');
}

function unavailable(error: unknown): Problem | undefined {
  if (error instanceof LogUnavailable)
    return new Problem(503, 'LogUnavailable', 'The event store does not answer at the moment; try again shortly.', again(RETRY_LATER_S));
  if (error instanceof DatabaseUnavailable)
    return new Problem(503, 'DatabaseUnavailable', 'Postgres does not answer at the moment; try again shortly.', again(RETRY_LATER_S));
  if (error instanceof ViewsLag)
    return new Problem(503, 'ViewsLag', 'The views have not caught up with what you saw yet; try again shortly.', again(RETRY_SOON_S));
  if (error instanceof Overloaded)
    return new Problem(503, 'Overloaded', 'Too much is asked at once; try again shortly.', again(RETRY_SOON_S));
  return undefined;
}

/** What Express and its body reader throw about a request carries a status of the 400s. */
function malformed(error: unknown): Problem | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return new Problem(413, 'TooLarge', 'The body is larger than 1 MB.');
  if (status === 415) return new Problem(415, 'UnsupportedMediaType', 'Send the body as it is, without compression.');
  if (typeof status === 'number' && status >= 400 && status < 500) return new Problem(400, 'Malformed', 'The request could not be read.');
  return undefined;
}

const kebab = (code: string): string => code.replace(/(?<=[a-z0-9])[A-Z]/g, letter => `-${letter}`).toLowerCase();

function sentenceCase(code: string): string {
  const words = kebab(code).replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The body and headers of a problem. */
export function problemAnswer({ status, code, message, extras }: Problem, traceId: string): Answer {
  const { errors, details, headers = {} } = extras;
  const body = {
    type: `urn:throughline:problem:${kebab(code)}`,
    title: sentenceCase(code),
    status,
    code,
    detail: message,
    ...(errors === undefined ? {} : { errors }),
    ...(details === undefined ? {} : { details }),
    traceId,
  };
  return { status, headers: { ...headers, 'Content-Type': 'application/problem+json' }, body };
}
