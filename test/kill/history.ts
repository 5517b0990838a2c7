/**
 * What the checks look at. None of them uses what the product decides, folds or shows by: those of the business are the
 * modules' invariants, which work everything out anew, the others are code of their own.
 */
import type { Command } from './ledger.ts';

export interface Metadata {
  readonly version: number;
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly commandId: string;
  readonly commandHash: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly basis: number;
}

/** An event as it lies in the log. */
export interface Logged {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Metadata;
}

export interface History {
  /** The log in its order. */
  readonly events: readonly Logged[];
  /** The log read once more, another way. */
  readonly again: readonly Logged[];
  readonly commands: readonly Command[];
}

/** Yields a sentence for each thing that is not as it must be. */
export type Check = (history: History) => Iterable<string>;

/** An append: what one command added to one stream. */
export const appendsOf = ({ events }: History): Iterable<readonly Logged[]> =>
  Map.groupBy(events, ({ stream, metadata }) => `${stream} ${metadata?.commandId}`).values();
