import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { installedPackage } from '../../src/runtime/postgres/binaries.ts';
import { type EmbeddedPostgres, startPostgres } from '../../src/runtime/postgres/embedded.ts';
import { execute, isAlive, isRoot, NOBODY, type Program, processesWith, ROOT_ONLY, startProgram, until } from './processes.ts';

const cleanups: (() => Promise<unknown>)[] = [];
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

/** A folder for one test that Postgres's account may pass through. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'throughline-setup-'));
  await chmod(path, 0o711);
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function started(dataDir: string, more: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ dataDir, ...more });
  cleanups.push(() => postgres.stop());
  return postgres;
}

interface Host extends Program {
  readonly url: string;
  readonly postmaster: number;
  readonly home: string;
}

function hostProgram(dataDir: string, options: Parameters<typeof startProgram>[2] = {}): Program {
  const program = startProgram('test/setup/fixtures/postgres-host.ts', [dataDir], options);
  cleanups.push(async () => {
    program.kill('SIGTERM');
    await program.ended;
  });
  return program;
}

/** A Postgres under a process of its own that may be killed. */
async function host(dataDir: string, options: Parameters<typeof startProgram>[2] = {}): Promise<Host> {
  const program = hostProgram(dataDir, options);
  const { url, pid, home } = JSON.parse(await program.line(/^\{/)) as { url: string; pid: number; home: string };
  return { ...program, url, postmaster: pid, home };
}

async function ask<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** How far the first start of a folder has come. */
async function stateOf(dataDir: string): Promise<'nothing' | 'half' | 'whole'> {
  const names = await readdir(join(dataDir, 'postgres')).catch((): string[] => []);
  if (names.includes('cluster')) return 'whole';
  return names.some(name => name.startsWith('cluster.new-')) ? 'half' : 'nothing';
}

const kept = async (url: string): Promise<number> => (await ask<{ n: number }>(url, 'select count(*)::int as n from kept'))[0]?.n ?? -1;
const keepOne = (url: string): Promise<unknown> => ask(url, 'create table if not exists kept (); insert into kept default values');

describe('the embedded Postgres', () => {
  test('keeps rows, password and port from one start to the next', async () => {
    const dataDir = await folder();
    const first = await started(dataDir);
    await keepOne(first.url);
    await first.stop();
    expect(isAlive(first.pid() ?? 0)).toBe(false);
    const second = await started(dataDir);
    expect(second.url).toBe(first.url);
    expect(await kept(second.url)).toBe(1);
  });

  test('is durable, on loopback only, behind a password, and sorts the same everywhere', async () => {
    const { url, home } = await started(await folder());
    const settings = await ask<{ name: string; setting: string }>(
      url,
      `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses',
       'unix_socket_directories', 'password_encryption', 'TimeZone', 'max_connections', 'server_encoding')`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      password_encryption: 'scram-sha-256',
      TimeZone: 'UTC',
      max_connections: '200',
      server_encoding: 'UTF8',
    });
    const stranger = new URL(url);
    stranger.password = 'guess';
    await expect(ask(stranger.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    expect((await stat(join(home.path, 'password'))).mode & 0o777).toBe(0o600);
    const [sorted] = await ask<{ names: string; low: string }>(
      url,
      `select string_agg(n, ' ' order by n) as names, lower('ȘȚĂ') as low from unnest(array['a', 'B', 'ș', 's']) as n`,
    );
    expect(sorted).toEqual({ names: 'B a s ș', low: 'șță' });
  });

  test('works in a path with spaces and letters of other languages, in any time zone and language', async () => {
    const dataDir = join(await folder(), 'Ion & fiii, fișiere ț 会社');
    const strange = {
      TZ: 'Asia/Kathmandu',
      LANG: 'tr_TR.UTF-8',
      LC_ALL: 'xx_NOWHERE',
      PGDATA: '/nowhere',
      PGPORT: '1',
      PGSSLMODE: 'require',
      PGOPTIONS: '-c fsync=off',
    };
    const { url, home } = await host(dataDir, { env: strange });
    expect(home.startsWith(dataDir)).toBe(true);
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('starts again by itself, at the same address and with all rows, when it is killed', async () => {
    const said: string[] = [];
    const postgres = await started(await folder(), { say: sentence => said.push(sentence) });
    await keepOne(postgres.url);
    const before = postgres.pid() ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => said.length === 2, 'Postgres runs again');
    expect(postgres.pid()).not.toBe(before);
    expect(await kept(postgres.url)).toBe(1);
    expect(said).toEqual(['Postgres ended (signal SIGKILL); it is started again in 0.5 s.', 'Postgres runs again.']);
  });

  test('ends with the process that started it, and starts again with all rows', async () => {
    const dataDir = await folder();
    const first = await host(dataDir);
    await keepOne(first.url);
    first.kill('SIGKILL');
    const second = await host(dataDir);
    expect(await kept(second.url)).toBe(1);
    expect(isAlive(first.postmaster)).toBe(false);
    second.kill('SIGKILL');
    await until(() => !isAlive(second.postmaster), 'Postgres ends by itself when nobody starts it again');
  });

  test('stops an orphan of an earlier start first', async () => {
    const dataDir = await folder();
    const first = await host(dataDir);
    await keepOne(first.url);
    for (const guard of await processesWith(`kill -INT "$1" sh ${first.postmaster}`)) process.kill(guard, 'SIGKILL');
    first.kill('SIGKILL');
    await first.ended;
    await sleep(300);
    expect(isAlive(first.postmaster)).toBe(true);
    const second = await host(dataDir);
    expect(second.said()).toContain('A Postgres of an earlier start still runs here; it is stopped first.');
    expect(isAlive(first.postmaster)).toBe(false);
    expect(await kept(second.url)).toBe(1);
  });

  test('leaves a stranger alone whose process number stands in an old postmaster.pid', async () => {
    const dataDir = await folder();
    const first = await started(dataDir);
    const cluster = join(first.home.path, 'cluster');
    await first.stop();
    // Of the same user as Postgres, or Postgres itself would see that it is none of its own.
    const stranger = startProgram('test/setup/fixtures/idle.ts', [], { ordinary: isRoot });
    onTestFinished(() => stranger.kill());
    const own = first.home.account;
    await writeFile(join(cluster, 'postmaster.pid'), `${stranger.pid}\n${cluster}\n1700000000\n1\n\n127.0.0.1\n\n`, { mode: 0o600 });
    if (own) await chown(join(cluster, 'postmaster.pid'), own.uid, own.gid);
    const second = await started(dataDir);
    expect(await ask(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(isAlive(stranger.pid)).toBe(true);
  });

  test('takes another port when a stranger has taken the one of last time', async () => {
    const dataDir = await folder();
    const first = await started(dataDir);
    await first.stop();
    const port = Number(new URL(first.url).port);
    const stranger = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void stranger.close());
    const second = await started(dataDir);
    expect(new URL(second.url).port).not.toBe(String(port));
    expect(await ask(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('survives a kill at any moment of the first start, whoever is killed', { timeout: 300_000 }, async () => {
    const found = new Set<string>();
    for (const round of Array.from({ length: 8 }).keys()) {
      const dataDir = await folder();
      const first = hostProgram(dataDir);
      // Some die before initdb is at work; the others must hit it, or this test would show nothing.
      if (round >= 2) await until(async () => (await stateOf(dataDir)) === 'half', 'initdb is at work');
      await sleep(Math.random() * 500);
      first.kill(round % 4 === 3 ? 'SIGTERM' : 'SIGKILL');
      await first.ended;
      found.add(await stateOf(dataDir));
      const second = await host(dataDir);
      await keepOne(second.url);
      expect(await kept(second.url)).toBe(1);
      second.kill('SIGTERM');
      expect(await second.ended).toBe(0);
    }
    expect(found).toContain('half');
  });

  test('refuses a second start on the same folder in one sentence', async () => {
    const dataDir = await folder();
    const first = await host(dataDir);
    const second = hostProgram(dataDir);
    expect(await second.ended).toBe(1);
    expect(second.said()).toBe(
      `StartRefused: Throughline already runs on ${first.home}; stop it first, or set THROUGHLINE_DATA to another folder.\n`,
    );
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('refuses data of another major version of PostgreSQL', async () => {
    const dataDir = await folder();
    const first = await started(dataDir);
    await first.stop();
    await writeFile(join(first.home.path, 'cluster', 'PG_VERSION'), '17\n');
    await expect(startPostgres({ dataDir })).rejects.toThrow(/written by PostgreSQL 17, this version of Throughline brings PostgreSQL 18/);
  });

  test('makes the library links that were never made, in a copy, once', async () => {
    const dataDir = await folder();
    const installed = await installedPackage();
    const links = JSON.parse(await readFile(join(installed.path, 'native', 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    const bare = join(await folder(), 'package');
    const isLink = (path: string): boolean => links.some(({ target }) => path === join(installed.path, target));
    await cp(installed.path, bare, { recursive: true, filter: path => !isLink(path) });
    await execute('chmod', '-R', 'a+rX', bare);
    const { url, home, stop } = await started(dataDir, { source: { path: bare, version: installed.version } });
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const copy = join(home.path, `binaries-${installed.version}`);
    const made = (await stat(copy)).ino;
    await stop();
    await started(dataDir, { source: { path: bare, version: installed.version } });
    expect((await stat(copy)).ino).toBe(made);
    expect(await readdir(join(bare, 'native', 'lib'))).not.toContain(basename(links[0]?.target ?? ''));
  });
});

describe('the embedded Postgres and whom it runs as', () => {
  test('runs as an ordinary user for an ordinary user', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const dataDir = await folder();
    await chown(dataDir, NOBODY, NOBODY);
    const { url, home, postmaster } = await host(join(dataDir, 'var'), { ordinary: true });
    await keepOne(url);
    expect(await kept(url)).toBe(1);
    expect((await stat(`/proc/${postmaster}`)).uid).toBe(NOBODY);
    expect(home).toBe(join(dataDir, 'var', 'postgres'));
  });

  test('refuses a folder that this user may not write to', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const dataDir = await folder();
    const program = hostProgram(join(dataDir, 'var'), { ordinary: true });
    expect(await program.ended).toBe(1);
    expect(program.said()).toMatch(
      /^StartRefused: This user may not write to .*; give it the right, or set THROUGHLINE_DATA to another folder\.\n$/,
    );
  });

  test('refuses a folder whose place is taken by a file', async () => {
    const file = join(await folder(), 'file');
    await writeFile(file, '');
    await expect(startPostgres({ dataDir: file })).rejects.toThrow(/a file is in the way/);
  });

  test('never runs as root', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const { pid, home } = await started(await folder());
    expect((await stat(`/proc/${pid()}`)).uid).not.toBe(0);
    expect(home.apart).toBe(false);
  });

  test('puts its files elsewhere, and finds them again, when only root can enter the folder', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const secret = await folder();
    await chmod(secret, 0o700);
    const dataDir = join(secret, 'var');
    const first = await started(dataDir);
    cleanups.push(() => rm(first.home.path, { recursive: true, force: true }));
    expect(first.home).toMatchObject({ apart: true });
    expect(first.home.path.startsWith(secret)).toBe(false);
    await keepOne(first.url);
    await first.stop();
    const moved = join(secret, 'moved');
    await execute('mv', dataDir, moved);
    const second = await started(moved);
    expect(second.home.path).toBe(first.home.path);
    expect(await kept(second.url)).toBe(1);
    // A copy of the folder leads to the same files, so it is the same folder.
    await cp(moved, join(secret, 'copy'), { recursive: true });
    await expect(startPostgres({ dataDir: join(secret, 'copy') })).rejects.toThrow(/already runs on/);
  });

  test('copies its programs to where its account can run them when only root can enter the checkout', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const secret = await folder();
    const installed = await installedPackage();
    const path = join(secret, 'package');
    await cp(installed.path, path, { recursive: true, verbatimSymlinks: true });
    await chmod(secret, 0o700);
    const { url, home } = await started(await folder(), { source: { path, version: installed.version } });
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readdir(home.path)).toContain(`binaries-${installed.version}`);
  });
});

describe('the embedded Postgres and a full disk', () => {
  /** A disk of its own, small. */
  async function disk(megabytes: number): Promise<string> {
    const path = await folder();
    await execute('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=711`, 'none', path);
    cleanups.push(() => execute('umount', path));
    return path;
  }
  const FULL = /^The disk that holds .* is full; make room, then start again\.$/;

  test('says so in the first start, and starts when there is room', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const path = await disk(16);
    const dataDir = join(path, 'var');
    await expect(startPostgres({ dataDir })).rejects.toThrow(FULL);
    await execute('mount', '-o', 'remount,size=400m', path);
    const { url, stop } = await started(dataDir);
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await stop();
  });

  test('says so in a later start, and starts with all rows when there is room', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const path = await disk(400);
    const dataDir = join(path, 'var');
    const first = await started(dataDir);
    await keepOne(first.url);
    await first.stop();
    const ballast = join(path, 'ballast');
    await execute('dd', 'if=/dev/zero', `of=${ballast}`, 'bs=4k').catch(() => undefined);
    await expect(startPostgres({ dataDir })).rejects.toThrow(FULL);
    await rm(ballast);
    const second = await started(dataDir);
    expect(await kept(second.url)).toBe(1);
    await second.stop();
  });

  test('says so when Postgres is the one to find out', async () => {
    const dataDir = await folder();
    const first = await started(dataDir);
    await first.stop();
    const source = join(await folder(), 'package');
    await mkdir(join(source, 'native', 'bin'), { recursive: true });
    const words = 'FATAL:  could not write lock file "postmaster.pid": No space left on device';
    const script = `#!/bin/sh\n[ "$1" = --version ] && echo 'postgres (PostgreSQL) 18.4' && exit 0\necho '${words}' >&2; exit 1\n`;
    for (const name of ['initdb', 'postgres']) await writeFile(join(source, 'native', 'bin', name), script, { mode: 0o755 });
    await expect(startPostgres({ dataDir, source: { path: source, version: '0' } })).rejects.toThrow(FULL);
  });

  test('refuses a disk that is mounted read-only', async context => {
    context.skip(!isRoot, ROOT_ONLY);
    const path = await disk(16);
    await mkdir(join(path, 'var'));
    await execute('mount', '-o', 'remount,ro', path);
    const refusal = /lies on a read-only disk/;
    await expect(startPostgres({ dataDir: join(path, 'var') })).rejects.toThrow(refusal);
    await expect(startPostgres({ dataDir: join(path, 'new') })).rejects.toThrow(refusal);
    await expect(startPostgres({ dataDir: join(path, 'new', 'er') })).rejects.toThrow(/cannot be made/);
  });
});
