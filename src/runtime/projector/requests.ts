/** Requests to build views anew: rows that anybody may leave and that whoever keeps the views takes away. */
import type pg from 'pg';
import type { AnyProjection } from '../../kernel/projection.ts';
import { type Queryable, rowsOf } from '../database.ts';

/** Asks for it; asked again before it began, it is the same request. */
export async function requestRebuild(database: Queryable, names: readonly string[]): Promise<void> {
  await rowsOf(database, 'insert into ops.rebuilds (name) select unnest($1::text[]) on conflict do nothing', [names]);
}

export async function requestedOf(
  database: Pick<Queryable, 'query'>,
  projections: ReadonlyMap<string, AnyProjection>,
): Promise<readonly AnyProjection[]> {
  const rows = await rowsOf<{ name: string }>(database, 'select name from ops.rebuilds order by asked_at, name');
  return rows.flatMap(({ name }) => projections.get(name) ?? []);
}

export async function withdraw(client: pg.PoolClient, { name }: AnyProjection): Promise<void> {
  await client.query('delete from ops.rebuilds where name = $1', [name]);
}

/** How far the building of one view is. */
export interface Progress {
  readonly name: string;
  /** asked: nobody has begun yet; building; failed; idle: nothing is asked and nothing under way. */
  readonly stage: 'asked' | 'building' | 'failed' | 'idle';
  /** Share of the log read, of the log as it was at the beginning; from 0 to 1. */
  readonly share: number;
  readonly reason: string | null;
  /** What the view shows now: another text once it shows another table. */
  readonly shown: string | null;
}

const PROGRESS = `
  select names.name, shown.version || '/' || shown.generation as shown, next.reason,
    least(1, coalesce(next.position::float8 / nullif(next.target, 0), 0)) as share,
    case when asked.name is not null then 'asked' when next.state = 'detached' then 'failed'
         when next.name is not null then 'building' else 'idle' end as stage
  from unnest($1::text[]) as names (name)
  left join ops.checkpoints shown on shown.name = names.name and shown.shown
  left join ops.rebuilds asked on asked.name = names.name
  left join lateral (
    select * from ops.checkpoints c where c.name = names.name and not c.shown order by c.version desc, c.generation desc limit 1
  ) next on true
  order by names.name`;

export const progressOf = (database: Queryable, names: readonly string[]): Promise<readonly Progress[]> =>
  rowsOf<Progress>(database, PROGRESS, [names]);
