/** What the node keeps and what it is asked to keep. Payloads are bytes: the node never looks inside them. */

export interface ProposedEvent {
  /** Lower-case UUID. */
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface RecordedEvent extends ProposedEvent {
  readonly stream: string;
  /** Counts the stream's events from 0. */
  readonly revision: bigint;
  /** Counts the whole log's events from 1, without gaps. */
  readonly position: bigint;
  readonly createdMs: number;
}

/** The revision the stream must be at, or what else must be true of it. */
export type Expected = bigint | 'any' | 'no_stream' | 'stream_exists';

export interface Append {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly ProposedEvent[];
}

export type Outcome =
  | { readonly kind: 'appended'; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'wrongRevision'; readonly actual: bigint }
  | { readonly kind: 'refused'; readonly because: string }
  /** Whether anything was written is unknown or "no"; the same ids may be sent again. */
  | { readonly kind: 'unavailable'; readonly because: string }
  | { readonly kind: 'late' };

/** The revision of a stream that holds no event. */
export const NO_STREAM = -1n;
