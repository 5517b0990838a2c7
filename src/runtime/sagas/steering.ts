import { streamOf } from '../../kernel/command.ts';
import type { DomainEvent } from '../../kernel/event.ts';
import type { EventMetadata } from '../../kernel/metadata.ts';
import { processEvents, processOf } from '../../kernel/processes.ts';
import { type EventLog, NO_STREAM, WrongRevision } from '../event-log/port.ts';
import { Conflict } from '../executor/port.ts';
import { digest, uuidv5 } from '../ids.ts';

const ROUNDS_MAX = 10;

/** A fact about an instance of a saga, and what it follows from. */
export interface SteeringFact {
  readonly event: DomainEvent<(typeof processEvents)[number]['type'], { readonly saga: string; readonly instance: string }>;
  /** The same for the same fact, so that it is recorded once however often it is tried. */
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly recordedAt: string;
  /** Business time, where what led to the fact was back-dated. */
  readonly occurredAt?: string;
}

/** Puts a fact into its process's stream once. @throws LogUnavailable, Conflict: the same may be tried again */
export async function record(log: EventLog, fact: SteeringFact): Promise<void> {
  const stream = streamOf(processOf(fact.event.data.saga, fact.event.data.instance));
  const id = uuidv5('event', fact.commandId, stream, '0');
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let basis = NO_STREAM;
    for await (const stored of log.readStream(stream)) {
      if (stored.id === id) return;
      basis = stored.revision;
    }
    try {
      await log.append(stream, [{ id, type: fact.event.type, data: fact.event.data, metadata: metadataOf(fact, basis) }], basis);
      return;
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error;
    }
  }
  throw new Conflict(`${stream} kept changing`);
}

function metadataOf({ event, commandId, correlationId, causationId, recordedAt, occurredAt }: SteeringFact, basis: number): EventMetadata {
  const version = processEvents.find(({ type }) => type === event.type)?.version as number;
  const actor = { kind: 'system', id: `saga:${event.data.saga}` } as const;
  const commandHash = digest([event.type, event.data]);
  return {
    version,
    recordedAt,
    occurredAt: occurredAt ?? recordedAt,
    actor,
    commandId,
    commandHash,
    correlationId,
    causationId,
    basis,
  };
}
