/** What the engine alone stands on: an embedded Postgres and an embedded node as processes, and the house's foundation in this one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { type Foundation, layFoundation } from '../../src/runtime/foundation.ts';
import { startPostgres } from '../../src/runtime/postgres/embedded.ts';
import { freshFolder, ROOT } from './house.ts';

const POOL_MAX = 16;

export interface Ground {
  readonly foundation: Foundation;
  readonly eventstoreUrl: string;
  readonly databaseUrl: string;
  /** A new, empty database on the same server. */
  freshDatabase(): Promise<string>;
  /** The house's foundation over the same log and another database. */
  foundationOn(databaseUrl: string): Promise<Foundation>;
  /** A worker as a process of its own, on the ground's own database. */
  startWorker(): Promise<{ stop(): Promise<void> }>;
  stop(): Promise<void>;
}

export async function startGround(): Promise<Ground> {
  const folder = await freshFolder();
  const dataDir = join(folder.path, 'var');
  const postgres = await startPostgres({ dataDir });
  const node = spawn(process.execPath, [join(ROOT, 'src/eventstore/main.ts')], {
    env: { ...process.env, DATABASE_URL: postgres.url, NODE_PORT: '0' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: node.stdout }), 'line')) as [string];
  const eventstoreUrl = `esdb://127.0.0.1:${(JSON.parse(line) as { listening: number }).listening}?tls=false`;
  const foundationOn = (databaseUrl: string): Promise<Foundation> =>
    layFoundation(
      {
        databaseUrl,
        eventstoreUrl,
        keysDir: join(dataDir, 'keys'),
        proofDir: join(dataDir, 'proof'),
        timeZone: 'Europe/Bucharest',
        logLevel: 'warn',
      },
      'bench',
      POOL_MAX,
    );
  const foundation = await foundationOn(postgres.url);
  let databases = 0;
  return {
    foundation,
    eventstoreUrl,
    databaseUrl: postgres.url,
    foundationOn,
    freshDatabase: async () => {
      const name = `bench_${databases++}`;
      await statement(postgres.url, `create database ${name}`);
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    startWorker: async () => {
      const worker = spawn(process.execPath, [join(ROOT, 'src/main.ts'), '--role', 'worker'], {
        env: { ...process.env, DATABASE_URL: postgres.url, EVENTSTORE_URL: eventstoreUrl, THROUGHLINE_DATA: dataDir, LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      await once(worker, 'message');
      return { stop: () => end(worker) };
    },
    stop: async () => {
      await foundation.close();
      await end(node);
      await postgres.stop();
      await folder.remove();
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function statement(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
