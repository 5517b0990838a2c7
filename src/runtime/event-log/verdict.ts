import {
  AccessDeniedError,
  DeadlineExceededError,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import { AppendRefused, NO_STREAM } from './port.ts';

/** What a failed call to the store tells. Only `unknown` is worth another attempt. */
export type Verdict =
  | { readonly is: 'moved'; readonly actual: number }
  | { readonly is: 'absent' }
  | { readonly is: 'deleted' }
  | { readonly is: 'refused'; readonly because: string }
  | { readonly is: 'unknown'; readonly because: string };

/**
 * Reads an error by the client's classes first, then by gRPC code. Whatever is not known to be final counts as unknown:
 * one stream error rejects every pending batch append of the process, whichever append caused it, so a status such as
 * INVALID_ARGUMENT or RESOURCE_EXHAUSTED may belong to another append.
 */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof WrongExpectedVersionError) return { is: 'moved', actual: revisionOf(error.actualVersion) };
  if (error instanceof StreamNotFoundError) return { is: 'absent' };
  if (error instanceof StreamDeletedError) return { is: 'deleted' };
  if (error instanceof MaxAppendSizeExceededError)
    return { is: 'refused', because: `the store takes at most ${error.maxAppendSize} bytes` };
  if (error instanceof AccessDeniedError || codeOf(error) === status.PERMISSION_DENIED) return { is: 'refused', because: 'access denied' };
  if (error instanceof InvalidArgumentError || error instanceof AppendRefused) return { is: 'refused', because: error.message };
  return { is: 'unknown', because: sentenceOf(error) };
}

/**
 * The store itself explains the failure: nobody listens, the connection broke (the client has dropped its channel and makes
 * a new one next time), or it answered that it ran out of time. Anything else may be a client that is stuck.
 */
export function isOfTheStore(error: unknown): boolean {
  return codeOf(error) === status.UNAVAILABLE || error instanceof DeadlineExceededError;
}

function revisionOf(actual: bigint | string): number {
  return typeof actual === 'bigint' ? Number(actual) : NO_STREAM;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Text only: the client's errors carry bigints, on which JSON.stringify throws, so they are never handed on as a cause. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  const label = typeof code === 'number' ? (status[code] ?? `code ${code}`) : error.name;
  return error.message.includes(label) ? error.message : `${label}: ${error.message}`;
}
