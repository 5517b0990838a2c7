/** Which sagas there are and how far each has read. */
import { PROCESSES } from '../../kernel/processes.ts';
import type { AnySaga } from '../../kernel/saga.ts';
import { rowsOf, transaction } from '../database.ts';
import type { Ownership } from '../ownership.ts';
import { describeView } from '../projector/ddl.ts';
import { demandSameLog } from '../projector/tables.ts';
import type { World } from './world.ts';

/** A saga at its place in the log. Positions are undefined for the log's beginning. */
export interface Seat {
  readonly saga: AnySaga;
  /** What is not newer is history: it sets no alarms. */
  readonly installedAt: bigint | undefined;
  /** What is not newer makes states only: it was sent before, or never should be. */
  readonly silentTo: bigint | undefined;
  position: bigint | undefined;
}

interface Row {
  readonly name: string;
  readonly installed_at: string | null;
  readonly silent_to: string | null;
  readonly position: string | null;
}

export const isAfter = (position: bigint, mark: bigint | undefined): boolean => mark === undefined || position > mark;

/**
 * Makes every saga of the house known. One not known yet is installed at the log's head: what is older makes its states
 * but sends nothing. To be done before anything is written that a new saga should act on.
 * @throws OtherLog, LogUnavailable, DatabaseUnavailable
 */
export async function install({ log, pool, registry }: World): Promise<void> {
  const [head, identity] = [await log.head(), await log.identity()];
  await transaction(pool, async client => {
    await demandSameLog(client, identity);
    await client.query(INSTALL, [versionsOf(registry), head?.toString()]);
    await client.query(CHECKPOINT, [PROCESSES.name, PROCESSES.version, identity]);
    for (const table of [...registry.projections.values()].filter(({ keptBy }) => keptBy === 'sagas'))
      await client.query(describeView(table));
  });
}

const INSTALL = `
  insert into ops.sagas (name, state_version, installed_at, silent_to)
  select name, state_version, $2::bigint, $2::bigint from json_to_recordset($1::json) as r(name text, state_version integer)
  on conflict (name) do nothing`;

const CHECKPOINT = `
  insert into ops.checkpoints (name, version, log_id, state, shown, shape) values ($1, $2, $3, 'live', true, 'sagas')
  on conflict do nothing`;

const versionsOf = (registry: World['registry']): string =>
  JSON.stringify([...registry.sagas.values()].map(({ name, stateVersion }) => ({ name, state_version: stateVersion })));

/**
 * Where every saga stands. One whose states have another shape now makes them anew from the log's beginning, silently up to
 * where it was. One that was detached gets another try.
 * @throws OtherLog
 */
export async function takeSeats({ log, registry }: World, owner: Ownership): Promise<{ seats: Seat[]; reached: bigint | undefined }> {
  const identity = await log.identity();
  return owner.transaction(async client => {
    await demandSameLog(client, identity);
    await client.query(RESHAPE, [versionsOf(registry)]);
    const sagas = [...registry.sagas.values()];
    const { rows } = await client.query<Row>(SEATS, [sagas.map(({ name }) => name)]);
    const [mark] = await rowsOf<{ position: string | null }>(client, MARK, [PROCESSES.name, PROCESSES.version]);
    return { seats: sagas.map(saga => seatOf(saga, rows)), reached: positionOf(mark?.position ?? null) };
  });
}

const MARK = 'select position::text as position from ops.checkpoints where name = $1 and version = $2';

/** States of another version are of no use: their saga reads the log again. */
const RESHAPE = `
  with changed as (
    update ops.sagas s set position = null, silent_to = greatest(s.silent_to, s.position), state_version = r.state_version
    from json_to_recordset($1::json) as r(name text, state_version integer)
    where r.name = s.name and r.state_version <> s.state_version returning s.name
  )
  delete from ops.saga_instances where saga in (select name from changed)`;

const SEATS = `
  update ops.sagas set detached = null where name = any($1)
  returning name, installed_at::text as installed_at, silent_to::text as silent_to, position::text as position`;

function seatOf(saga: AnySaga, rows: readonly Row[]): Seat {
  const row = rows.find(({ name }) => name === saga.name);
  if (row === undefined) throw new Error(`The saga ${saga.name} was not installed`);
  return {
    saga,
    installedAt: positionOf(row.installed_at),
    silentTo: positionOf(row.silent_to),
    position: positionOf(row.position),
  };
}

const positionOf = (text: string | null): bigint | undefined => (text === null ? undefined : BigInt(text));
