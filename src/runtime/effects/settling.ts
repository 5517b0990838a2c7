/** Notes in the outbox what tries came to: in the journal first, then all of them in one transaction. */
import type pg from 'pg';
import type { EffectOutcome } from '../../kernel/effect.ts';
import { rowsOf } from '../database.ts';
import type { Ownership } from '../ownership.ts';
import { storable } from '../sagas/storable.ts';
import type { Due, Tried } from './attempt.ts';
import type { Journal } from './journal.ts';
import { effectOf } from './outbox.ts';
import { pauseOf, restOf } from './pace.ts';
import type { World } from './world.ts';

/** A try that is over. */
export interface Done {
  readonly due: Due;
  readonly tried: Tried;
  /** ISO 8601. */
  readonly triedAt: string;
  readonly milliseconds: number;
}

const TEXT_MAX = 2_000;
const shown = (text: string): string => storable(text.slice(0, TEXT_MAX));

export async function settle(world: World, owner: Ownership, journal: Journal, tries: readonly Done[]): Promise<void> {
  if (tries.length === 0) return;
  const sent = tries.filter(({ due, tried }) => tried.kind === 'taken' && !journal.knows(due)).map(({ due }) => due);
  await journal.sent(sent);
  await owner.transaction(async client => {
    for (const done of tries) await note(world, client, done);
    await journal.note(client);
  });
}

const TRY = `
  insert into ops.effect_tries (effect_id, round, number, tried_at, milliseconds, answer, problem) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict do nothing`;

async function note(world: World, client: pg.PoolClient, { due, tried, triedAt, milliseconds }: Done): Promise<void> {
  if (tried.kind === 'postponed') return postpone(client, due, tried.problem);
  const [answer, problem] = tried.kind === 'taken' ? [shown(tried.answer), null] : [null, shown(tried.problem)];
  await client.query(TRY, [due.id, due.round, due.tries + 1, triedAt, Math.round(milliseconds), answer, problem]);
  if (tried.kind === 'taken') await taken(world, client, due);
  else if (tried.kind === 'failed') await failed(world, client, due, tried);
  else await giveUp(client, due, { kind: 'givenUp', because: shown(tried.problem), destination: tried.kind === 'gone' ? 'gone' : 'well' });
}

const POSTPONED_MS = 2_000;

const postpone = async (client: pg.PoolClient, { id }: Due, problem: string): Promise<void> =>
  void (await client.query(
    `update ops.effects set problem = $2, due_at = clock_timestamp() + $3 * interval '1 millisecond' where id = $1`,
    [id, shown(problem), POSTPONED_MS],
  ));

async function taken({ registry }: World, client: pg.PoolClient, due: Due): Promise<void> {
  const told = effectOf(registry, due.effect).outcome === undefined;
  await client.query(
    `update ops.effects set status = 'done', tries = tries + 1, problem = null, settled_at = clock_timestamp(), outcome = $2, told = $3
     where id = $1`,
    [due.id, JSON.stringify({ kind: 'done' } satisfies EffectOutcome), told],
  );
  await client.query('delete from ops.effects_sent_before where id = $1', [due.id]);
  await client.query(
    `update ops.effect_destinations set failures = 0, failing_since = null, resting_until = null where destination = $1 and failures > 0`,
    [due.destination],
  );
}

async function failed(world: World, client: pg.PoolClient, due: Due, tried: Extract<Tried, { kind: 'failed' }>): Promise<void> {
  const failing = tried.blames === 'destination' && (await rest(world, client, due, tried.retryAfterMs));
  const pause = pauseOf(world.pace, due.tries + 1, tried.retryAfterMs);
  if (pause === undefined)
    return giveUp(client, due, { kind: 'givenUp', because: shown(tried.problem), destination: failing ? 'failing' : 'well' });
  await client.query(
    `update ops.effects set tries = tries + 1, problem = $2, due_at = clock_timestamp() + $3 * interval '1 millisecond' where id = $1`,
    [due.id, shown(tried.problem), pause],
  );
}

const FAILURE = `
  update ops.effect_destinations set failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp())
  where destination = $1
  returning failures, extract(epoch from clock_timestamp() - failing_since)::float8 * 1000 as "failingMs"`;

/** Lets a destination rest; true when it has failed for so long that it counts as failing. */
async function rest({ pace }: World, client: pg.PoolClient, { destination }: Due, retryAfterMs?: number): Promise<boolean> {
  const [row] = await rowsOf<{ failures: number; failingMs: number }>(client, FAILURE, [destination]);
  if (row === undefined) throw new Error(`The destination ${destination} is not in the outbox`);
  await client.query(
    `update ops.effect_destinations set resting_until = clock_timestamp() + $2 * interval '1 millisecond' where destination = $1`,
    [destination, restOf(pace, row.failures, retryAfterMs)],
  );
  return row.failingMs >= pace.failingMs;
}

async function giveUp(client: pg.PoolClient, { id }: Due, outcome: Extract<EffectOutcome, { kind: 'givenUp' }>): Promise<void> {
  await client.query(
    `update ops.effects set status = 'given-up', tries = tries + 1, problem = $2, settled_at = clock_timestamp(), outcome = $3, told = false
     where id = $1`,
    [id, outcome.because, JSON.stringify(outcome)],
  );
}
