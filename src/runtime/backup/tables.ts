import { type Queryable, rowsOf } from '../database.ts';

/** A table with what of it a backup holds. */
export interface BackedUp {
  /** Quoted, with its schema. */
  readonly table: string;
  readonly where: string;
}

/** Tables of schema `ops` that a restored house makes anew, and why. Everything else of it is in a backup whole. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  leases: 'say who is at work at the moment',
  log_instants: 'follow from the log, with the views',
  migrations: 'are applied anew, those that the backup names',
  rebuilds: 'concern views of the house that was backed up',
  sessions: 'would let in again whoever has signed out since',
  snapshots: 'follow from the log',
};

/** Views follow from the log too; what others than the projector keep has its place in the log kept with it. */
const ONLY: Readonly<Record<string, string>> = { checkpoints: `shape in ('sagas', 'effects')` };

/** The tables of a backup, those that others refer to first. */
export async function backedUp(database: Queryable): Promise<readonly BackedUp[]> {
  const rows = await rowsOf<{ schema: string; name: string }>(
    database,
    `select n.nspname as schema, c.relname as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and (n.nspname = 'eventstore' or (n.nspname = 'ops' and c.relname <> all($1)))
     order by exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f'), n.nspname, c.relname`,
    [Object.keys(LEFT_OUT)],
  );
  return rows.map(({ schema, name }) => ({ table: `"${schema}"."${name}"`, where: ONLY[name] ?? 'true' }));
}
