/** Sends what sagas want sent: in order within an instance, instances beside each other. */
import { system } from '../../kernel/authority.ts';
import { CommandRefused, PROCESSES, ProcessParked } from '../../kernel/processes.ts';
import { pauseAfter, within } from '../event-log/patience.ts';
import { LogUnavailable } from '../event-log/port.ts';
import { Conflict, type Execution, Overloaded, ViewsLag } from '../executor/port.ts';
import { uuidv5 } from '../ids.ts';
import type { Ownership } from '../ownership.ts';
import { announce } from '../projector/tables.ts';
import { DatabaseUnavailable } from '../queries/port.ts';
import type { Bell } from './bell.ts';
import { type Done, forget, isRead, type Reading, readBy } from './consumer.ts';
import { hold, holdBack, keepRefusal, keyOf, next, type Pending, putOff, settle } from './outbox.ts';
import { record } from './steering.ts';
import { storable } from './storable.ts';
import type { World } from './world.ts';

const LANES_MAX = 16;
/** Commands that were done and are in the outbox still, because their sagas have not read so far. */
const UNREAD_MAX = 256;
const LOOK_AGAIN_MS = 1_000;
/** What is still under way then is left to itself: whoever sends it again has the same effect. */
const PARTING_MS = 5_000;

/** Sends until the signal fires, then waits a while for what is under way. @throws when Postgres fails; nothing is lost then */
export async function dispatch(world: World, owner: Ownership, reading: Reading, signal: AbortSignal): Promise<void> {
  const { bell, done } = reading;
  const lanes = new Map<string, Promise<void>>();
  const start = (row: Pending): void => {
    const key = keyOf(row);
    const lane = deliver(world, owner, row, bell)
      // A lane fails only with the ownership, and that ends the next round too.
      .catch((): Delivered => 'waits')
      .then(delivered => {
        if (delivered !== 'waits') done.set(key, { row, position: delivered.position });
        const isFull = lanes.size >= LANES_MAX;
        lanes.delete(key);
        // What is still to be read rings when it was.
        if (isFull || delivered === 'waits' || isRead(delivered, reading.reached)) bell.ring();
      });
    lanes.set(key, lane);
  };
  /** What did nothing, or was read before it was known to be done. */
  const clear = async (): Promise<void> => {
    const gone = readBy(done, reading.reached);
    if (gone.length === 0) return;
    await owner.transaction(async client => {
      await Promise.all([settle(client, gone), announce(client, [PROCESSES.name])]);
    });
    forget(done, gone);
  };
  try {
    while (!signal.aborted) {
      await clear();
      const free = done.size < UNREAD_MAX ? LANES_MAX - lanes.size : 0;
      if (free > 0) for (const row of await next(owner, [...lanes.keys(), ...done.keys()], free)) start(row);
      await bell.heard(LOOK_AGAIN_MS, signal);
    }
  } finally {
    await within(PARTING_MS, 'Commands under way', Promise.all(lanes.values()).then(clear)).catch(() => undefined);
  }
}

/** A command that waits stays in the outbox: for another try, for its saga to hear of its refusal, or for someone to look. */
type Delivered = 'waits' | Pick<Done, 'position'>;

interface Refused {
  readonly refused: string;
  readonly because: string;
}

async function deliver(world: World, owner: Ownership, row: Pending, bell: Bell): Promise<Delivered> {
  try {
    const answer = known(row) ?? (await ask(world, row));
    if (!('refused' in answer)) return answer;
    await tell(world, owner, row, answer);
  } catch (error) {
    const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (passes(error)) await again(owner, row, problem, bell);
    else await park(world, owner, row, problem, bell);
  }
  return 'waits';
}

const known = ({ refused, refused_because }: Pending): Refused | undefined =>
  refused === null ? undefined : { refused, because: refused_because ?? '' };

/** Asks the command; its refusal, or where the log shows what it did. @throws Error when it can be neither */
async function ask({ executor, texts }: World, row: Pending): Promise<Refused | Pick<Done, 'position'>> {
  const execution: Execution = {
    caller: system(`saga:${row.saga}`),
    commandId: row.command_id,
    cause: { correlationId: row.correlation_id, causationId: row.causation_id },
    after: BigInt(row.position),
    ...(row.occurred_at ? { occurredAt: row.occurred_at } : {}),
    ...(row.traceparent ? { traceparent: row.traceparent } : {}),
  };
  const input = texts === undefined ? row.input : await texts.open(row.input);
  const outcome = await executor.execute({ command: row.command, input }, execution);
  if (outcome.kind === 'done') return { position: outcome.position };
  if (outcome.kind === 'refused') return { refused: outcome.refusal.refused, because: outcome.refusal.because };
  throw new Error(`${row.command} was answered ${outcome.kind}, which the house itself should never hear`);
}

/** Troubles of the moment: whoever tries again later gets through. */
const passes = (error: unknown): boolean =>
  [Conflict, Overloaded, ViewsLag, LogUnavailable, DatabaseUnavailable].some(trouble => error instanceof trouble);

async function again(owner: Ownership, row: Pending, problem: string, bell: Bell): Promise<void> {
  const pauseMs = pauseAfter(row.tries + 1);
  await putOff(owner, row, problem, pauseMs);
  setTimeout(() => bell.ring(), pauseMs).unref();
}

/** Makes the refusal a fact, with the input as it was kept. Until the saga has taken it, the command stays first in its line: what follows may have to wait. */
async function tell({ log, clock }: World, owner: Ownership, row: Pending, refusal: Refused): Promise<void> {
  await keepRefusal(owner, row, refusal);
  const { saga, instance, command_id: commandId, command } = row;
  const event = CommandRefused({ saga, instance, commandId, command, input: row.input as never, ...refusal });
  await record(log, { event, commandId, ...causeOf(row), recordedAt: clock.now() });
  await holdBack(owner, row);
}

/** A fault of the house: the instance stands still, with the command it could not send first in its line. */
async function park({ log, clock, logger }: World, owner: Ownership, row: Pending, problem: string, bell: Bell): Promise<void> {
  const { saga, instance, command } = row;
  logger?.error({ saga, instance, command, problem }, 'saga command met a fault');
  const event = ProcessParked({ saga, instance, reason: storable(`${command} could not be sent. ${problem}`) });
  try {
    await record(log, { event, commandId: uuidv5('park', row.command_id), ...causeOf(row), recordedAt: clock.now() });
  } catch (error) {
    if (!passes(error)) throw error;
    return again(owner, row, problem, bell);
  }
  await hold(owner, row, problem);
}

const causeOf = (row: Pending) => ({
  correlationId: row.correlation_id,
  causationId: row.causation_id,
  ...(row.occurred_at ? { occurredAt: row.occurred_at } : {}),
});
