/** Which sagas there are and how far each has read. */
import type pg from 'pg';
import { PROCESSES } from '../../kernel/processes.ts';
import type { AnySaga } from '../../kernel/saga.ts';
import { rowsOf, transaction } from '../database.ts';
import type { Ownership } from '../ownership.ts';
import { describeView } from '../projector/ddl.ts';
import { announcing, demandSameLog } from '../projector/tables.ts';
import { CHECKPOINTS_CHANNEL } from '../queries/checkpoints.ts';
import { exchangeHistory } from './history.ts';
import { loadStops, type Stop, showDrafts } from './instances.ts';
import type { World } from './world.ts';

/** A saga at its place in the log. Positions are undefined for the log's beginning. */
export interface Seat {
  readonly saga: AnySaga;
  /** What is not newer is history: it sets no alarms. */
  readonly installedAt: bigint | undefined;
  /** What is not newer makes states only: it was sent before, or never should be. */
  readonly silentTo: bigint | undefined;
  position: bigint | undefined;
  /** While it reads history its instances are drafts, beside what is shown. */
  building: boolean;
  /** Where instances of its former shape stand still: there they stop again. Empty once it is shown. */
  stops: ReadonlyMap<string, Stop>;
}

interface Row {
  readonly name: string;
  readonly installed_at: string | null;
  readonly silent_to: string | null;
  readonly position: string | null;
  readonly building: boolean;
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
  insert into ops.sagas (name, state_version, installed_at, silent_to, building)
  select name, state_version, $2::bigint, $2::bigint, true from json_to_recordset($1::json) as r(name text, state_version integer)
  on conflict (name) do nothing`;

const CHECKPOINT = `
  insert into ops.checkpoints (name, version, log_id, state, shown, shape) values ($1, $2, $3, 'live', true, 'sagas')
  on conflict do nothing`;

const versionsOf = (registry: World['registry']): string =>
  JSON.stringify([...registry.sagas.values()].map(({ name, stateVersion }) => ({ name, state_version: stateVersion })));

/**
 * Where every saga stands. One whose states have another shape now makes them anew from the log's beginning, silently up to
 * where it was, beside those that are shown. One that was detached gets another try.
 * @throws OtherLog
 */
export async function takeSeats({ log, registry }: World, owner: Ownership): Promise<{ seats: Seat[]; reached: bigint | undefined }> {
  const identity = await log.identity();
  return owner.transaction(async client => {
    await demandSameLog(client, identity);
    await client.query(RESHAPE, [versionsOf(registry)]);
    const sagas = [...registry.sagas.values()];
    const { rows } = await client.query<Row>(SEATS, [sagas.map(({ name }) => name)]);
    const seats: Seat[] = [];
    for (const saga of sagas) seats.push(await seatOf(client, saga, rows));
    const [mark] = await rowsOf<{ position: string | null }>(client, MARK, [PROCESSES.name, PROCESSES.version]);
    return { seats, reached: positionOf(mark?.position ?? null) };
  });
}

const MARK = 'select position::text as position from ops.checkpoints where name = $1 and version = $2';

/** States of another version are of no use: their saga reads the log again. What parked instances have kept, they keep again. */
const RESHAPE = `
  with changed as (
    update ops.sagas s set position = null, silent_to = greatest(s.silent_to, s.position), state_version = r.state_version, building = true
    from json_to_recordset($1::json) as r(name text, state_version integer)
    where r.name = s.name and r.state_version <> s.state_version returning s.name
  ), drafts as (delete from ops.saga_drafts where saga in (select name from changed))
  delete from ops.saga_inbox where saga in (select name from changed)`;

const SEATS = `
  update ops.sagas set detached = null where name = any($1)
  returning name, installed_at::text as installed_at, silent_to::text as silent_to, position::text as position, building`;

async function seatOf(client: pg.PoolClient, saga: AnySaga, rows: readonly Row[]): Promise<Seat> {
  const row = rows.find(({ name }) => name === saga.name);
  if (row === undefined) throw new Error(`The saga ${saga.name} was not installed`);
  return {
    saga,
    installedAt: positionOf(row.installed_at),
    silentTo: positionOf(row.silent_to),
    position: positionOf(row.position),
    building: row.building,
    stops: row.building ? await loadStops(client, saga.name) : new Map(),
  };
}

const ADVANCE = `
  with seats as (update ops.sagas set position = greatest(position, $1) where name = any($2)),
  moved as (
    update ops.checkpoints set position = greatest(position, $1) where name = $3 and version = $4
    returning name, version, position, state, shown)
  ${announcing('moved', '$5')}`;
const ADVANCE_BESIDE = 'update ops.sagas set position = greatest(position, $1) where name = any($2)';

/** Moves sagas on, and with them what is shown unless they read beside it. */
export async function advance(
  client: pg.PoolClient,
  seats: readonly Seat[],
  position: bigint | undefined,
  how: 'shown' | 'beside' = 'shown',
): Promise<void> {
  const names = seats.map(({ saga }) => saga.name);
  if (how === 'beside') {
    await client.query(ADVANCE_BESIDE, [position?.toString(), names]);
    return;
  }
  await client.query(ADVANCE, [position?.toString(), names, PROCESSES.name, PROCESSES.version, CHECKPOINTS_CHANNEL]);
}

/** Shows what a saga has made of history; from here on it is one of the others. */
export async function join(client: pg.PoolClient, { saga: { name }, position }: Seat): Promise<void> {
  await showDrafts(client, name);
  await exchangeHistory(client, name, position);
  await client.query('update ops.sagas set building = false where name = $1', [name]);
}

const positionOf = (text: string | null): bigint | undefined => (text === null ? undefined : BigInt(text));
