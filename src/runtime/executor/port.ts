/** What the API, the sagas and the command line ask of the one that executes commands. */
import type { Caller } from '../../kernel/authority.ts';
import type { CommandMessage, RecordRef } from '../../kernel/command.ts';
import type { Refusal } from '../../kernel/decider.ts';

/** Everything about one request for a command besides the command itself. */
export interface Execution {
  readonly caller: Caller;
  /** UUID; the same id with the same message has one effect and one answer. */
  readonly commandId: string;
  /** Revision the sender saw; another one is answered `stale`. */
  readonly ifMatch?: number;
  /** What led to this command, when it was not a person. */
  readonly cause?: { readonly correlationId: string; readonly causationId: string };
  /** ISO 8601 instant; absent means now. The caller was already found to be allowed to back-date. */
  readonly occurredAt?: string;
  /** Position that views must have passed before facts are asked. */
  readonly after?: bigint;
  readonly traceparent?: string;
}

export type Outcome =
  | {
      readonly kind: 'done';
      readonly record: RecordRef;
      /** Revision of the record after the command. */
      readonly revision: number;
      /** Position that a view must have passed to show this command's effect; undefined while the log holds nothing of it. */
      readonly position: bigint | undefined;
      /** True when the command id was known and this is the first answer again. */
      readonly repeated: boolean;
      /** Correlation id of what it led to; absent while the log holds nothing of it. */
      readonly thread?: string | undefined;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly position: bigint | undefined }
  | { readonly kind: 'stale'; readonly revision: number }
  | { readonly kind: 'forbidden' };

export interface Executor {
  /**
   * Runs a command through: validate → load → known → authorise → If-Match → facts → decide → holds → append → follows.
   * @throws InvalidInput, CommandMismatch, Conflict, Overloaded, LogUnavailable, ViewsLag
   */
  execute(message: CommandMessage, execution: Execution): Promise<Outcome>;
}

/** The input does not fit the command's schema; pointers are RFC 6901. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  constructor(errors: readonly { readonly pointer: string; readonly detail: string }[]) {
    super('The input is not valid');
    this.errors = errors;
  }
}

/** The same command id came with another body. */
export class CommandMismatch extends Error {
  override readonly name = 'CommandMismatch';
}

/** Others kept changing the record until the deadline; the same command may be tried again. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** Too much is waiting for this record or this process; try again shortly. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** Views have not caught up with the position asked for in time. */
export class ViewsLag extends Error {
  override readonly name = 'ViewsLag';
}
