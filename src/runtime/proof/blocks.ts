/** The chain as it lies in the database. */
import { type Queryable, rowsOf } from '../database.ts';
import type { Block } from './chain.ts';

interface Row {
  readonly number: number;
  readonly log_id: string;
  readonly events: number;
  readonly position: string;
  readonly hash: Buffer;
  readonly digests: Buffer;
}

const COLUMNS = 'number, log_id, events, position::text, hash, digests';
const PAGE_BLOCKS = 64;

const blockOf = ({ position, log_id: _, ...row }: Row): Block => ({ ...row, position: BigInt(position) });

/** The last block and the log it is of; undefined before the first event. */
export async function lastBlock(database: Queryable): Promise<{ readonly block: Block; readonly logId: string } | undefined> {
  const [row] = await rowsOf<Row>(database, `select ${COLUMNS} from ops.proof_blocks order by number desc limit 1`);
  return row && { block: blockOf(row), logId: row.log_id };
}

export async function storeBlocks(database: Queryable, logId: string, blocks: readonly Block[]): Promise<void> {
  for (const { number, events, position, hash, digests } of blocks)
    await rowsOf(
      database,
      `insert into ops.proof_blocks (number, log_id, events, position, hash, digests) values ($1, $2, $3, $4, $5, $6)
       on conflict (number) do update
       set events = excluded.events, position = excluded.position, hash = excluded.hash, digests = excluded.digests`,
      [number, logId, events, position?.toString(), hash, digests],
    );
}

/** All blocks in their order. */
export async function* blocksIn(database: Queryable): AsyncGenerator<Block, void> {
  for (let after = -1; ; ) {
    const sql = `select ${COLUMNS} from ops.proof_blocks where number > $1 order by number limit ${PAGE_BLOCKS}`;
    const rows = await rowsOf<Row>(database, sql, [after]);
    yield* rows.map(blockOf);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.number;
  }
}
