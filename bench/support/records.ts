/** Commands and events of ordinary records of the house, for measuring the engine: leads, whose texts are personal, and items. */
import { randomUUID } from 'node:crypto';
import { ItemAdded, ItemEdited } from '../../src/domain/catalogue/item.ts';
import { LeadCaptured, LeadEdited } from '../../src/domain/crm/lead.ts';
import { system } from '../../src/kernel/authority.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { type EventLog, type NewEvent, NO_STREAM } from '../../src/runtime/event-log/port.ts';
import type { Executor } from '../../src/runtime/executor/port.ts';
import type { Pace } from './emmett.ts';

const MS_PER_S = 1_000;

async function execute(executor: Executor, command: string, input: object) {
  const outcome = await executor.execute({ command, input }, { caller: system('bench'), commandId: randomUUID() });
  if (outcome.kind !== 'done') throw new Error(`${command} came to ${JSON.stringify(outcome, (_, value) => String(value))}`);
  return outcome;
}

/** A new lead; its id and the position in the log that shows it. */
export async function captureLead(executor: Executor): Promise<{ readonly id: string; readonly position: bigint }> {
  const { record, position = 0n } = await execute(executor, 'CaptureLead', { name: 'Ten pieces', source: 'web' });
  return { id: record.id, position };
}

export const renameLead = (executor: Executor, id: string, name: string) => execute(executor, 'EditLead', { id, name });

/** Work in so many lanes until the time is over. */
export async function inFlight(count: number, milliseconds: number, lane: () => Promise<(n: number) => Promise<unknown>>): Promise<Pace> {
  const works = await Promise.all(Array.from({ length: count }, lane));
  const durations: number[] = [];
  const begun = performance.now();
  await Promise.all(
    works.map(async work => {
      for (let n = 0; performance.now() - begun < milliseconds; n++) {
        const at = performance.now();
        await work(n);
        durations.push(performance.now() - at);
      }
    }),
  );
  return { perSecond: durations.length / ((performance.now() - begun) / MS_PER_S), durations };
}

const APPEND_EVENTS_MAX = 150;

/** A stream with so many events, written without commands. */
export async function write(log: EventLog, stream: string, events: number, eventAt: (revision: number) => NewEvent): Promise<void> {
  for (let written = 0; written < events; ) {
    const batch = Array.from({ length: Math.min(APPEND_EVENTS_MAX, events - written) }, (_, index) => eventAt(written + index));
    const { revision } = await log.append(stream, batch, written === 0 ? NO_STREAM : written - 1);
    written = revision + 1;
  }
}

export const writeLead = (log: EventLog, id: string, events: number): Promise<void> => write(log, `lead-${id}`, events, leadEvent);

/** The event at a revision of a lead: it is captured, then renamed again and again. */
export function leadEvent(revision: number): NewEvent {
  const name = `Ten pieces ${revision}`;
  return recorded(
    revision,
    revision === 0 ? LeadCaptured({ name, source: 'web', tags: [], ownerId: 'bench' }) : LeadEdited({ name, tags: [], changed: ['name'] }),
  );
}

export const renameItem = (executor: Executor, id: string, name: string) => execute(executor, 'EditItem', { id, name });

export const writeItem = (log: EventLog, id: string, events: number): Promise<void> => write(log, `item-${id}`, events, itemEvent);

function itemEvent(revision: number): NewEvent {
  const card = { name: `Item ${revision}`, uom: 'piece', stocked: true, taxPercent: '19' };
  return recorded(revision, revision === 0 ? ItemAdded({ ...card, sku: 'BENCH' }) : ItemEdited({ ...card, changed: ['name'] }));
}

function recorded(revision: number, { type, data }: DomainEvent): NewEvent {
  const now = new Date().toISOString();
  const commandId = randomUUID();
  const metadata = {
    version: 1,
    recordedAt: now,
    occurredAt: now,
    actor: { kind: 'system', id: 'bench' },
    commandId,
    commandHash: '',
    correlationId: commandId,
    causationId: commandId,
    basis: revision - 1,
  } as const;
  return { id: randomUUID(), type, data, metadata };
}
