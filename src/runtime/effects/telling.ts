/** Makes facts of outcomes: what was given up, and what the business wants to know of its effects. */
import { system } from '../../kernel/authority.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import { type EffectOutcome, giveUpMessage } from '../../kernel/effect.ts';
import { LogUnavailable } from '../event-log/port.ts';
import { Conflict, type Execution, Overloaded, ViewsLag } from '../executor/port.ts';
import { uuidv5 } from '../ids.ts';
import type { Ownership } from '../ownership.ts';
import { DatabaseUnavailable } from '../queries/port.ts';
import type { Bell } from '../sagas/bell.ts';
import { effectOf } from './outbox.ts';
import type { World } from './world.ts';

const ROUND_MAX = 50;
const LOOK_AGAIN_MS = 2_000;
const PRUNE_EVERY_MS = 60 * 60_000;
const PRUNE_MAX = 10_000;

interface Settled {
  readonly id: string;
  readonly effect: string;
  readonly destination: string;
  readonly payload: unknown;
  readonly cause_id: string;
  readonly position: string;
  readonly correlation_id: string;
  readonly traceparent: string | null;
  readonly round: number;
  readonly tries: number;
  readonly outcome: EffectOutcome;
}

const UNTOLD = `
  select id::text as id, effect, destination, payload, cause_id, position::text as position, correlation_id, traceparent, round, tries, outcome
  from ops.effects where not told order by settled_at limit $1`;

/** Tells until the signal fires. @throws when Postgres fails; nothing is lost then */
export async function tell(world: World, owner: Ownership, bell: Bell, signal: AbortSignal): Promise<void> {
  let pruneAt = 0;
  while (!signal.aborted) {
    const settled = await owner.rows<Settled>(UNTOLD, [ROUND_MAX]);
    const told = (await Promise.all(settled.map(async row => ((await tellOne(world, row)) ? [row.id] : [])))).flat();
    if (told.length > 0) await owner.rows('update ops.effects set told = true where id = any($1::uuid[])', [told]);
    if (performance.now() > pruneAt) {
      await owner.rows(PRUNE, [PRUNE_MAX]);
      pruneAt = performance.now() + PRUNE_EVERY_MS;
    }
    if (told.length < ROUND_MAX) await bell.heard(LOOK_AGAIN_MS, signal);
  }
}

/** What was given up stays until somebody replays it. */
const PRUNE = `
  delete from ops.effects where id in (
    select id from ops.effects where status = 'done' and told and settled_at < clock_timestamp() - interval '30 days' limit $1)`;

/** True when the outcome is told for good. */
async function tellOne(world: World, row: Settled): Promise<boolean> {
  try {
    for (const [name, message] of messagesOf(world, row)) {
      const outcome = await world.executor.execute(message, executionOf(row, name));
      if (outcome.kind !== 'done')
        world.logger?.warn({ effect: row.effect, id: row.id, command: message.command, outcome }, 'an outcome was not taken');
    }
    return true;
  } catch (error) {
    if (passes(error)) return false;
    world.logger?.error({ effect: row.effect, id: row.id, err: error }, 'an outcome cannot be told');
    return true;
  }
}

function messagesOf(
  { registry }: World,
  { id, effect, destination, payload, round, tries, outcome }: Settled,
): readonly (readonly [string, CommandMessage])[] {
  const definition = effectOf(registry, effect);
  const own = definition.outcome?.(definition.payload.parse(payload) as never, outcome);
  const givenUp =
    outcome.kind === 'givenUp' ? giveUpMessage({ id, effect, destination, tries, round, because: outcome.because }) : undefined;
  return [
    ...(givenUp === undefined ? [] : [['effect-given-up', givenUp] as const]),
    ...(own === undefined ? [] : [['effect-outcome', own] as const]),
  ];
}

/** The same effect tells the same outcome of the same round once, however often it is tried. */
const executionOf = ({ id, round, cause_id, correlation_id, position, traceparent }: Settled, name: string): Execution => ({
  caller: system('effects'),
  commandId: uuidv5(name, id, String(round)),
  cause: { correlationId: correlation_id, causationId: cause_id },
  after: BigInt(position),
  ...(traceparent === null ? {} : { traceparent }),
});

const passes = (error: unknown): boolean =>
  [Conflict, Overloaded, ViewsLag, LogUnavailable, DatabaseUnavailable].some(trouble => error instanceof trouble);
