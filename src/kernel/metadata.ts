/** What is known about every fact besides the fact itself. Stored as the event's metadata, as plain JSON. */

type ActorKind = 'staff' | 'contact' | 'integration' | 'system';

export interface Actor {
  readonly kind: ActorKind;
  readonly id: string;
}

export interface EventMetadata {
  /** Version of the event's schema when it was written; older ones are upcast when read. */
  readonly version: number;
  /** ISO 8601 instant in UTC, the executor's clock. */
  readonly recordedAt: string;
  /** ISO 8601 instant in UTC, business time: equals recordedAt unless the command was back-dated. */
  readonly occurredAt: string;
  readonly actor: Actor;
  readonly commandId: string;
  /** Hash of the command's name and input, by which a repeated command id with another body is told apart. */
  readonly commandHash: string;
  /** The thread: one id from the first cause to the last effect. */
  readonly correlationId: string;
  /** Event id or command id that led directly to this event. */
  readonly causationId: string;
  /** Revision of the stream the decision saw; -1 for a new stream. basis + 1 + index of the event in its append = its revision. */
  readonly basis: number;
  /** Correlation ids of further parents, e.g. the other orders a payment settles. */
  readonly links?: readonly string[];
  /** W3C trace context of the command. */
  readonly traceparent?: string;
}
