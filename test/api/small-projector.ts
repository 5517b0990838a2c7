import type pg from 'pg';
import { recordOf } from '../../src/kernel/command.ts';
import type { Registry } from '../../src/kernel/module.ts';
import { type AnyProjection, keysOf, type ViewMeta } from '../../src/kernel/projection.ts';
import type { StoredEvent } from '../../src/runtime/event-log/port.ts';
import type { MemoryLog } from '../support/memory-log.ts';

/** Keeps views right after each append, so that tests of the API need no worker. */
export async function projectAtOnce(log: MemoryLog, pool: pg.Pool, { projections }: Registry): Promise<void> {
  for (const { name, version, table } of projections.values()) {
    const columns = Object.entries(table.columns).map(([column, { sql, nullable }]) => `${column} ${sql}${nullable ? '' : ' not null'}`);
    await pool.query(`create table read.${table.name} (id text primary key, ${columns.join(', ')})`);
    await pool.query(
      `insert into ops.checkpoints (name, version, position, log_id, state, shown, shape) values ($1, $2, 0, 'memory', 'live', true, '')`,
      [name, version],
    );
  }
  const append = log.append.bind(log);
  let turn = Promise.resolve();
  log.append = async (stream, events, revision) => {
    const before = log.events.length;
    const appended = await append(stream, events, revision);
    turn = turn.then(async () => {
      for (const event of log.events.slice(before).filter(one => one.stream === stream)) await take(pool, [...projections.values()], event);
      await pool.query('update ops.checkpoints set position = greatest(position, $1::bigint)', [String(appended.position)]);
    });
    await turn;
    return appended;
  };
}

async function take(pool: pg.Pool, projections: readonly AnyProjection[], event: StoredEvent): Promise<void> {
  const { category, id } = recordOf(event.stream);
  const meta = {
    ...event.metadata,
    ...event,
    category,
    entityId: id,
    eventId: event.id,
    position: String(event.position),
  } as unknown as ViewMeta;
  for (const projection of projections.filter(({ events }) => events.some(({ type }) => type === event.type)))
    for (const key of keysOf(projection, event.type, event.data, meta)) await change(pool, projection, key, event, meta);
}

async function change(pool: pg.Pool, { table, on }: AnyProjection, key: string, event: StoredEvent, meta: ViewMeta): Promise<void> {
  const { rows } = await pool.query<{ row: object }>(`select to_jsonb(t) row from read.${table.name} t where id = $1`, [key]);
  const row = on[event.type]?.(rows[0]?.row as never, event.data as never, key, meta);
  if (row === undefined || row === null) return;
  await pool.query(`delete from read.${table.name} where id = $1`, [key]);
  await pool.query(`insert into read.${table.name} select * from jsonb_populate_record(null::read.${table.name}, $1)`, [
    JSON.stringify({ ...row, id: key }),
  ]);
}
