/** What the checks look at, and a few ways of looking at it. Nothing here or in checks/ uses the product's own domain code. */
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

export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));

/** Streams of one category with their events, by id. */
export function streamsOf({ events }: History, category: string): ReadonlyMap<string, readonly Logged[]> {
  return Map.groupBy(
    events.filter(({ stream }) => stream.startsWith(`${category}-`)),
    ({ stream }) => idOf(stream),
  );
}

/** The data of all events of a type in some events, in their order. */
export const all = <Data>(events: readonly Logged[], type: string): readonly Data[] =>
  events.filter(event => event.type === type).map(({ data }) => data as Data);

export const has = (events: readonly Logged[], type: string): boolean => events.some(event => event.type === type);

/** An append: what one command added to one stream. */
export const appendsOf = ({ events }: History): Iterable<readonly Logged[]> =>
  Map.groupBy(events, ({ stream, metadata }) => `${stream} ${metadata?.commandId}`).values();

export const sumOf = (numbers: Iterable<number>): number => [...numbers].reduce((sum, number) => sum + number, 0);
