/** What the operator says of effects that stand halted because this database may be a restored copy. */
import type pg from 'pg';
import { rowsOf, transaction } from '../database.ts';

export interface Standing {
  readonly status: string;
  readonly channel: string;
  readonly count: number;
  readonly problem: string | null;
}

/** How many effects stand where, and what holds them up. @throws DatabaseUnavailable */
export const standingOf = (pool: pg.Pool): Promise<readonly Standing[]> =>
  rowsOf<Standing>(
    pool,
    `select status, channel, count(*)::bigint as count, min(case when status = 'halted' then problem end) as problem
     from read.effects group by status, channel order by status, channel`,
  );

/**
 * Lets effects go out from here: whoever sends them begins a journal of their own.
 * @throws DatabaseUnavailable
 */
export const release = (pool: pg.Pool): Promise<void> =>
  transaction(pool, async client => {
    await client.query('delete from ops.effect_journals');
    await client.query(`delete from ops.effect_halts where what = '*'`);
  });

const DROP = `
  update ops.effects set status = 'given-up', problem = $1, settled_at = clock_timestamp(), told = false,
    outcome = json_build_object('kind', 'givenUp', 'because', $1::text, 'destination', 'well')
  where status = 'waiting' and exists (select from ops.effect_halts where what = '*') returning id`;

const DROPPED = 'The database was restored, and the operator said that this is not to be sent again.';

/** Gives up what stands halted, so that nothing of it goes out unless it is replayed; how many. @throws DatabaseUnavailable */
export const dropHalted = async (pool: pg.Pool): Promise<number> => (await rowsOf(pool, DROP, [DROPPED])).length;
