import { streamOf } from '../../kernel/command.ts';
import { PERSON_ERASED } from '../../kernel/personal.ts';
import { type EventLog, NO_STREAM, WrongRevision } from '../event-log/port.ts';
import { digest, uuidv5 } from '../ids.ts';

/**
 * Makes facts again of erasures that a restored log does not know of any more, so that it says itself who is erased.
 * @throws LogUnavailable
 */
export async function recordAgain(log: EventLog, persons: readonly string[], recordedAt: string): Promise<void> {
  for (const person of persons) {
    const stream = streamOf({ category: 'person', id: person });
    const commandId = uuidv5('erased again', person);
    const data = { reason: 'Erased before; the database was restored from a copy that is older' };
    const metadata = {
      version: 1,
      recordedAt,
      occurredAt: recordedAt,
      actor: { kind: 'system', id: 'journal' } as const,
      commandId,
      commandHash: digest([PERSON_ERASED, data]),
      correlationId: commandId,
      causationId: commandId,
      basis: NO_STREAM,
    };
    const event = { id: uuidv5('event', commandId, stream, '0'), type: PERSON_ERASED, data, metadata };
    await log.append(stream, [event], NO_STREAM).catch((error: unknown) => {
      // It does know.
      if (!(error instanceof WrongRevision)) throw error;
    });
  }
}
