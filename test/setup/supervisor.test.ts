import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { Keeper, type Running } from '../../src/runtime/supervisor/keeper.ts';
import { RestartPace } from '../../src/runtime/supervisor/pace.ts';
import { freePort } from '../../src/runtime/supervisor/ports.ts';
import { isAlive, type Program, startProgram, until } from './processes.ts';

vi.setConfig({ testTimeout: 120_000 });

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

interface HouseProgram extends Program {
  readonly dataDir: string;
}

/** The whole house in a folder of its own; with an outside Postgres unless the test wants the embedded one. */
async function house(env: NodeJS.ProcessEnv = {}): Promise<HouseProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-house-'));
  await chmod(folder, 0o711);
  const dataDir = join(folder, 'var');
  const own = { THROUGHLINE_DATA: dataDir, DATABASE_URL: inject('postgresUrl'), PORT: '0', EVENTSTORE_URL: '', CI: '' };
  const program = startProgram('test/setup/fixtures/house-host.ts', [], { env: { ...own, ...env } });
  cleanups.push(async () => {
    program.kill('SIGTERM');
    program.kill('SIGINT');
    await program.ended;
    await rm(folder, { recursive: true, force: true });
  });
  return { ...program, dataDir };
}

interface RoleLine {
  readonly role: string;
  readonly pid: number;
  readonly port: number;
}

const lives = (program: Program, role: string): readonly RoleLine[] =>
  program
    .said()
    .split('\n')
    .filter(line => line.startsWith(`{"role":"${role}"`))
    .map(line => JSON.parse(line) as RoleLine);
const ready = (program: Program): Promise<string> => program.line(/^Data are kept in /);
const roles = ['node', 'worker', 'api'] as const;
const pids = (program: Program): readonly number[] => roles.map(role => lives(program, role).at(-1)?.pid ?? 0);

describe('the pace of restarts', () => {
  test('never allows more than six in a minute, and grows', () => {
    const pace = new RestartPace();
    const at: number[] = [];
    for (let now = 0, index = 0; index < 100; index++) {
      now += pace.next(now);
      at.push(now);
    }
    expect(at.slice(0, 4)).toEqual([500, 1_500, 3_500, 7_500]);
    for (const [index, moment] of at.entries()) expect(moment - (at[index - 6] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(60_000);
  });

  test('is quick again after a quiet minute', () => {
    const pace = new RestartPace();
    for (const now of [0, 1, 2]) pace.next(now);
    expect(pace.next(100_000)).toBe(500);
  });
});

describe('keeping something running', () => {
  test('goes on trying when a restart fails, and stops at once when asked', async () => {
    const said: string[] = [];
    const ends: ((how: string) => void)[] = [];
    let starts = 0;
    const start = async (): Promise<Running> => {
      if (++starts === 2) throw new Error('no room');
      const { promise, resolve } = Promise.withResolvers<string>();
      ends.push(resolve);
      return { ended: promise, stop: async () => resolve('asked') };
    };
    const keeper = new Keeper({ name: 'It', start, say: sentence => said.push(sentence) });
    await keeper.start();
    ends[0]?.('exit code 1');
    await until(() => starts === 3, 'a third start');
    await keeper.stop(1_000, new AbortController().signal);
    expect(said).toEqual([
      'It ended (exit code 1); it is started again in 0.5 s.',
      'It ended (no room); it is started again in 1 s.',
      'It runs again.',
    ]);
    await sleep(700);
    expect(starts).toBe(3);
  });
});

describe('the supervisor', () => {
  test('says where it listens, where data are kept, and what a role has to say', async () => {
    const program = await house();
    await ready(program);
    const url = /listens on (http:\S+)/.exec(program.said())?.[1] ?? '';
    expect(await (await fetch(url)).text()).toBe('api');
    expect(program.said()).toContain(`Data are kept in ${program.dataDir}\n`);
    expect(program.said()).toContain('admin@localhost signs in with a word that is shown once\n');
  });

  test.each(roles)('starts the %s again when it is killed, on the same port', async role => {
    const port = await freePort();
    const program = await house({ PORT: String(port) });
    await ready(program);
    const [first] = lives(program, role);
    if (first === undefined) throw new Error(`No ${role} runs.`);
    process.kill(first.pid, 'SIGKILL');
    await program.line(/runs again\.$/);
    const again = lives(program, role).at(-1);
    expect(again?.pid).not.toBe(first.pid);
    if (role !== 'worker') expect(again?.port).toBe(first.port);
  });

  test('starts what keeps ending with growing pauses', async () => {
    const program = await house({ BEHAVIOUR_worker: 'hasty' });
    await program.line(/^The worker ended \(exit code 3\); it is started again in 0\.5 s\.$/);
    await program.line(/^The worker ended \(exit code 3\); it is started again in 1 s\.$/);
    await program.line(/^The worker ended \(exit code 3\); it is started again in 2 s\.$/);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('stops in order when asked by %s: what is used after what uses it', async signal => {
    const stops = join(tmpdir(), `stops-${process.pid}-${signal}`);
    onTestFinished(() => rm(stops, { force: true }));
    const program = await house({ STOPS: stops, DATABASE_URL: '' });
    await ready(program);
    program.kill(signal);
    expect(await program.ended).toBe(0);
    expect(await readFile(stops, 'utf8')).toBe('api\nworker\nnode\n');
    const log = await readFile(join(program.dataDir, 'postgres', 'postgres.log'), 'utf8');
    expect(log).toContain('database system is shut down');
    expect(pids(program).filter(isAlive)).toEqual([]);
  });

  test('stops within ten seconds even when every role refuses to', async () => {
    const program = await house({ BEHAVIOUR_api: 'stubborn', BEHAVIOUR_worker: 'stubborn', BEHAVIOUR_node: 'stubborn', DATABASE_URL: '' });
    await ready(program);
    const asked = performance.now();
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect(performance.now() - asked).toBeGreaterThan(5_000);
    expect(pids(program).filter(isAlive)).toEqual([]);
  });

  test('hurries when asked twice', async () => {
    const program = await house({ BEHAVIOUR_api: 'stubborn', BEHAVIOUR_worker: 'stubborn' });
    await ready(program);
    const asked = performance.now();
    program.kill('SIGTERM');
    await program.line(/once more to hurry/);
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(3_000);
  });

  test('stops in the middle of a start', async () => {
    const program = await house({ BEHAVIOUR_worker: 'mute', DATABASE_URL: '' });
    await program.line(/^\{"role":"node"/);
    program.kill('SIGINT');
    expect(await program.ended).toBe(0);
    expect(program.said()).not.toContain('ended');
    expect(pids(program).filter(isAlive)).toEqual([]);
  });

  test('takes its roles with it when it is killed', async () => {
    const program = await house();
    await ready(program);
    program.kill('SIGKILL');
    await until(() => pids(program).filter(isAlive).length === 0, 'the roles end');
  });

  test('takes a role with it that is in the middle of its log', async () => {
    const program = await house({ BEHAVIOUR_api: 'talkative', BEHAVIOUR_worker: 'talkative' });
    await ready(program);
    program.kill('SIGKILL');
    await until(() => pids(program).filter(isAlive).length === 0, 'the roles end');
  });

  test('refuses a taken port before it touches anything', async () => {
    const port = await freePort();
    const stranger = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void stranger.close());
    const program = await house({ PORT: String(port) });
    expect(await program.ended).toBe(1);
    expect(program.said()).toBe(`Port ${port} is taken; stop what listens there, or set PORT to another number.\n`);
    await expect(stat(program.dataDir)).rejects.toThrow('ENOENT');
  });

  test('refuses a port that is taken while it starts', async () => {
    const port = await freePort();
    const program = await house({ PORT: String(port) });
    await program.line(/^\{"role":"node"/);
    const stranger = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void stranger.close());
    expect(await program.ended).toBe(1);
    expect(program.said()).toMatch(new RegExp(`^Port ${port} is taken; stop what listens there, or set PORT to another number\\.$`, 'm'));
    expect(pids(program).filter(isAlive)).toEqual([]);
  });

  test('refuses a second start on the same folder', async () => {
    const port = String(await freePort());
    const first = await house({ PORT: port });
    await ready(first);
    const second = await house({ PORT: port, THROUGHLINE_DATA: first.dataDir });
    expect(await second.ended).toBe(1);
    expect(second.said()).toBe(`Throughline already runs on ${first.dataDir}; stop it first, or set THROUGHLINE_DATA to another folder.\n`);
    expect(pids(first).filter(isAlive)).toHaveLength(3);
  });

  test('gives up when a role cannot start, and leaves nothing running', async () => {
    const program = await house({ BEHAVIOUR_api: 'failing', DATABASE_URL: '' });
    expect(await program.ended).toBe(1);
    expect(program.said()).toMatch(/^The api cannot start: the moon is in the wrong quarter$/m);
    expect(pids(program).filter(isAlive)).toEqual([]);
    const log = await readFile(join(program.dataDir, 'postgres', 'postgres.log'), 'utf8');
    expect(log).toContain('database system is shut down');
  });

  test('starts again at once on the same port and folder after a kill -9, whatever its roles were at', async () => {
    const port = await freePort();
    const first = await house({ PORT: String(port), BEHAVIOUR_api: 'stubborn', BEHAVIOUR_worker: 'stubborn', DATABASE_URL: '' });
    await ready(first);
    first.kill('SIGKILL');
    const second = await house({ PORT: String(port), THROUGHLINE_DATA: first.dataDir, DATABASE_URL: '' });
    await ready(second);
    expect(pids(first).filter(isAlive)).toEqual([]);
  });

  test('waits for an API that notices late that its supervisor was killed', async () => {
    const port = await freePort();
    const first = await house({ PORT: String(port), BEHAVIOUR_api: 'busy' });
    await ready(first);
    first.kill('SIGKILL');
    await first.ended;
    const second = await house({ PORT: String(port), THROUGHLINE_DATA: first.dataDir });
    await ready(second);
    expect(pids(first).filter(isAlive)).toEqual([]);
  });

  test.each([
    [
      'a database that does not answer',
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/db' },
      /^DATABASE_URL: PostgreSQL at 127\.0\.0\.1:1\/db cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1\.\n$/,
    ],
    [
      'an event store that does not answer',
      { EVENTSTORE_URL: 'esdb://me:secret@127.0.0.1:1?tls=false' },
      /^EVENTSTORE_URL: EventStoreDB at 127\.0\.0\.1:1 cannot be used: .*\.\n$/,
    ],
    [
      'an address that is none of an event store',
      { EVENTSTORE_URL: 'http://127.0.0.1:2113' },
      /^EVENTSTORE_URL must be a connection string such as esdb:\/\/host:2113\?tls=false\.\n$/,
    ],
    [
      'an address that is none of PostgreSQL',
      { DATABASE_URL: 'mysql://db' },
      /^DATABASE_URL must be an address such as postgres:\/\/user:password@host:5432\/database\.\n$/,
    ],
    ['a port that does not exist', { PORT: '70000' }, /^PORT must be a whole number from 0 to 65535, not "70000"\.\n$/],
    [
      'a time zone that does not exist',
      { THROUGHLINE_TIME_ZONE: 'Mars/Olympus' },
      /^THROUGHLINE_TIME_ZONE must be a time zone such as Europe\/Bucharest, not "Mars\/Olympus"\.\n$/,
    ],
    ['a log level that does not exist', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of fatal, .*, not "loud"\.\n$/],
    [
      'a folder that is a file',
      { THROUGHLINE_DATA: '/dev/null' },
      /^\/dev\/null cannot be a folder, because a file is in the way; set THROUGHLINE_DATA to another folder\.\n$/,
    ],
  ])('refuses %s in one sentence that tells no secret', async (_, env, sentence) => {
    const program = await house(env);
    expect(await program.ended).toBe(1);
    expect(program.said()).toMatch(sentence);
    expect(program.said()).not.toContain('secret');
  });
});
