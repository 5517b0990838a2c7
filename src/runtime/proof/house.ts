import { stat } from 'node:fs/promises';
import type pg from 'pg';
import { registry } from '../../kernel/module.ts';
import { modules } from '../../modules/index.ts';
import { openPool, rowsOf, waitForDatabase } from '../database.ts';
import { connectEventLog } from '../event-log/eventstore.ts';
import type { EventLog } from '../event-log/port.ts';
import { PersonKeys } from '../personal/keys.ts';
import { masterKeyFile, masterKeys } from '../personal/master-key.ts';
import { openAll } from '../personal/sealing.ts';
import { StartRefused } from '../supervisor/refused.ts';
import { readHeads } from './heads.ts';
import type { Verdict } from './report.ts';
import { type FoundLog, hasTableLog, tableLog } from './table-log.ts';
import { verify } from './verify.ts';
import { wireLog } from './wire-log.ts';

export interface HouseToVerify {
  /** The database with the views, and with the log unless an event store is named. */
  readonly url: string;
  readonly eventstoreUrl: string | undefined;
  /** Folder of the master key; without the key, views are not compared. */
  readonly keysDir: string;
  /** Folder of the signed heads. */
  readonly proofDir: string;
}

const CONNECTIONS_MAX = 6;
const PATIENCE_MS = 5_000;

/** @throws StartRefused when it cannot be verified */
export async function verifyHouse({ url, eventstoreUrl, keysDir, proofDir }: HouseToVerify): Promise<Verdict> {
  await waitForDatabase(url, PATIENCE_MS).catch((error: Error) => {
    throw new StartRefused(error.message);
  });
  const pool = openPool(url, { max: CONNECTIONS_MAX });
  const wire = eventstoreUrl === undefined ? undefined : connectEventLog({ url: eventstoreUrl });
  try {
    await demandKept(pool, wire);
    const log = wire === undefined ? tableLog(pool) : wireLog(wire);
    const opened = await openedBy(keysDir, pool, log);
    return await verify({ pool, log, opened, registry: registry(modules), heads: await readHeads(proofDir) });
  } finally {
    await wire?.close();
    await pool.end();
  }
}

async function demandKept(pool: pg.Pool, wire: EventLog | undefined): Promise<void> {
  const [kept] = await rowsOf<{ chain: boolean }>(pool, `select to_regclass('ops.proof_blocks') is not null as chain`);
  if (kept?.chain !== true)
    throw new StartRefused('This database keeps no chain: it is none of this version of Throughline, or was never started.');
  if (wire === undefined && !(await hasTableLog(pool)))
    throw new StartRefused('This database holds no event log; name the event store by EVENTSTORE_URL.');
}

/** The log with its personal texts, for those who have the master key. */
async function openedBy(keysDir: string, pool: pg.Pool, log: FoundLog): Promise<Pick<EventLog, 'readAll'> | undefined> {
  if ((await stat(masterKeyFile(keysDir)).catch(() => undefined)) === undefined) return undefined;
  const keys = new PersonKeys(pool, await masterKeys(pool, keysDir));
  await keys.refresh();
  return { readAll: async (after, limit) => openAll(keys, await log.readAll(after, limit)) };
}
