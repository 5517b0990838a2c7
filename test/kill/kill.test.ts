/**
 * The kill smoke of the whole house: real processes die under real work. `THROUGHLINE_KILL_SEED` repeats the choices of a run.
 * Load and killer are processes of their own, so that neither waits for the other.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { isAlive, ROOT, startProgram } from '../setup/processes.ts';
import { violationsOf } from './checker.ts';
import type { History } from './history.ts';
import { atRest, type House, kill, prepareHouse, query } from './house.ts';
import { answersOf, type Command, isRefused, readLedger } from './ledger.ts';
import { fromTable, overTheWire } from './logs.ts';
import { descendantsOf, find, type Victim } from './processes.ts';
import { rebuiltAndCompared } from './rebuild.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const SEED = Number(process.env.THROUGHLINE_KILL_SEED || Date.now() % 1_000_000);
const CLIENTS = 12;
const KILLS: Readonly<Record<Victim, number>> = { node: 3, worker: 3, api: 3, postgres: 2, backend: 4 };
/** Work without a fault before and after one, so that each meets a house in full swing. */
const SWING_MS = 2_000;
const FREEZE_MS = 6_000;
const STOP_MS_MAX = 10_000;

const linux = process.platform === 'linux';

describe.skipIf(!linux)('the whole house', () => {
  let house: House;
  let ledger: string;
  let user: { readonly token: string; readonly userId: string };
  let loads = 0;

  beforeAll(async () => {
    console.info(`seed ${SEED}, Node ${process.version}, ${CLIENTS} clients`);
    house = await prepareHouse();
    ledger = join(house.folder, 'ledger');
    await house.start();
    user = await house.signIn();
  });
  afterAll(() => house?.remove());

  /** Clients at work, until told to come to an end. */
  async function startLoad(): Promise<{ stop(): Promise<void> }> {
    const number = ++loads;
    const plan = { url: house.url, token: user.token, seed: SEED + number, ledger, clients: CLIENTS, mark: `L${number}` };
    const load = program('load.ts', JSON.stringify(plan));
    expect(await load.line()).toEqual({ ready: true });
    await sleep(SWING_MS);
    return {
      stop: async () => {
        await sleep(SWING_MS);
        load.child.stdin?.write('enough\n');
        const { orders } = (await load.line()) as { orders: number };
        expect(orders).toBeGreaterThan(CLIENTS);
        await load.ended;
      },
    };
  }

  /** The whole of the invariants, whatever the fault was. */
  async function examine(what: string): Promise<{ commands: readonly Command[]; history: History }> {
    const restMs = await atRest(house);
    const stores = await house.stores();
    const commands = await readLedger(ledger, user.userId);
    const history = { events: await fromTable(stores.databaseUrl), again: await overTheWire(stores), commands };
    const violations = violationsOf(history);
    const { tables, rows, differences } = await rebuiltAndCompared(stores);
    console.info(`${what}: ${figuresOf(history)}, at rest after ${Math.round(restMs)} ms, ${tables} tables with ${rows} rows rebuilt`);
    expect([...violations, ...differences.map(difference => `I4: ${difference}`)]).toEqual([]);
    return { commands, history };
  }

  test('keeps every promise while each of its processes is killed again and again', async () => {
    const load = await startLoad();
    const killer = program('killer.ts', String(house.pid), house.url, String(SEED), JSON.stringify(KILLS));
    const kills: Kill[] = [];
    for await (const kill of killer.lines()) kills.push(kill as Kill);
    expect(await killer.ended).toBe(0);
    await load.stop();
    const { commands } = await examine(`${kills.length} kills`);

    const restarts = restartsOf(kills, house);
    const outages = outagesOf(kills, commands);
    console.info(
      `restart p50 ${middle(restarts)} ms, max ${Math.max(...restarts)} ms; outage p50 ${middle(outages)} ms, max ${Math.max(...outages)} ms`,
    );
    expect(kills).toHaveLength(Object.values(KILLS).reduce((sum, times) => sum + times, 0));
    expect(unknownOf(commands)).toBeGreaterThan(0);
  });

  test('does nothing twice when its worker is frozen and thawed', async () => {
    const load = await startLoad();
    const worker = await workerOf(house);
    process.kill(worker, 'SIGSTOP');
    await sleep(FREEZE_MS);
    process.kill(worker, 'SIGCONT');
    await load.stop();
    await examine(`a worker frozen for ${FREEZE_MS} ms`);
    expect(await workerOf(house)).toBe(worker);
  });

  test('stops within ten seconds when asked under load, and forgets nothing', async () => {
    const load = await startLoad();
    const askedAt = Date.now();
    const children = await descendantsOf(house.pid);
    const asked = performance.now();
    process.kill(house.pid, 'SIGTERM');
    expect(await house.ended()).toBe(0);
    const tookMs = performance.now() - asked;
    expect(tookMs).toBeLessThan(STOP_MS_MAX);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
    await house.start();
    await load.stop();
    const { commands } = await examine(`a stop in ${Math.round(tookMs)} ms`);
    console.info(`unknown outcomes around the stop: ${reasonsSince(askedAt, commands)}`);
  });

  test('starts again without a hand after a kill -9 of its process group', async () => {
    const load = await startLoad();
    process.kill(-house.pid, 'SIGKILL');
    expect(await house.ended()).toBe('SIGKILL');
    const begun = performance.now();
    await house.start();
    const tookMs = Math.round(performance.now() - begun);
    await load.stop();
    await examine(`the process group killed, started again in ${tookMs} ms`);
  });

  test('starts again without a hand when all its processes are killed at once', async () => {
    const load = await startLoad();
    for (const { pid } of [{ pid: house.pid }, ...(await descendantsOf(house.pid))]) kill(pid);
    expect(await house.ended()).toBe('SIGKILL');
    const begun = performance.now();
    await house.start();
    const tookMs = Math.round(performance.now() - begun);
    await load.stop();
    await examine(`all processes killed, started again in ${tookMs} ms`);
  });

  test('is verified clean after all of it', async () => {
    await atRest(house);
    const { databaseUrl, keysDir } = await house.stores();
    const env = { THROUGHLINE_KEYS: keysDir, THROUGHLINE_PROOF: join(house.folder, 'var', 'proof'), EVENTSTORE_URL: '' };
    const verifying = startProgram('src/cli/verify.ts', ['--database', databaseUrl], { env });
    const code = await verifying.ended;
    console.info(verifying.said());
    expect(code).toBe(0);
    expect(verifying.said()).toContain('Everything is as it must be.');
    expect(verifying.said()).not.toContain('under way');
  });

  test('would notice a view that tells something else than the log', async () => {
    const stores = await house.stores();
    await query(stores.databaseUrl, `update read.accounts set name = 'Nobody' where id = (select min(id) from read.accounts)`);
    await query(
      stores.databaseUrl,
      `update ops.saga_instances set status = 'running' where instance = (select min(instance) from ops.saga_instances where status = 'finished')`,
    );
    const { differences } = await rebuiltAndCompared(stores);
    expect(differences).toEqual([
      expect.stringMatching(/^read."accounts": live has .*Nobody/),
      expect.stringMatching(/saga_instances.*: live has .*running/),
    ]);
  });
});

interface Kill {
  readonly at: number;
  readonly victim: Victim;
  readonly pid: number;
}

interface OwnProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  lines(): AsyncIterable<unknown>;
  /** The next line. @throws when the program ended without one */
  line(): Promise<unknown>;
}

/** A program of this folder as a process of its own, which speaks in lines of JSON. */
function program(file: string, ...args: readonly string[]): OwnProgram {
  const child = spawn(process.execPath, [join(ROOT, 'test/kill', file), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const line = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${file} ended with ${await ended}`);
    return JSON.parse(value);
  };
  async function* all(): AsyncIterable<unknown> {
    for (let next = await lines.next(); !next.done; next = await lines.next()) yield JSON.parse(next.value);
  }
  return { child, ended, line, lines: all };
}

/** The pid of the worker, which may be starting again after the kills before. A wrong pid would stop others: 0 is this very test. */
const workerOf = ({ pid }: House): Promise<number> =>
  vi.waitFor(
    async () => {
      const [worker] = await find(pid, 'worker');
      if (worker === undefined) throw new Error('No worker runs.');
      return worker.pid;
    },
    { timeout: 30_000, interval: 100 },
  );

const unknownOf = (commands: readonly Command[]): number =>
  commands.flatMap(({ lines }) => lines).filter(({ state }) => state === 'unknown').length;

/** Why outcomes were unknown, each with how often. */
function reasonsSince(begun: number, commands: readonly Command[]): string {
  const lines = commands.flatMap(({ lines }) => lines.filter(({ at }) => at >= begun));
  const reasons = Map.groupBy(
    lines.flatMap(line => (line.state === 'unknown' ? [line.because] : [])),
    because => because,
  );
  return [...reasons].map(([because, times]) => `${times.length} × ${because}`).join(', ') || 'none';
}

function figuresOf({ events, commands }: History): string {
  const acked = commands.filter(command => answersOf(command).length > 0);
  const left = Map.groupBy(events, ({ metadata }) => metadata.commandId);
  const lost = acked.filter(({ id }) => !left.has(id)).length;
  const ids = new Set(events.map(({ id }) => id));
  return [
    `${acked.length} acknowledged, ${commands.filter(isRefused).length} refused, ${unknownOf(commands)} unknown outcomes`,
    `${lost} lost, ${events.length - ids.size} doubled of ${events.length} events`,
  ].join(', ');
}

const NAMES: Readonly<Partial<Record<Victim, string>>> = {
  node: 'The event store',
  worker: 'The worker',
  api: 'The API',
  postgres: 'Postgres',
};

/** From each kill of what is started again by the supervisor until that runs, in milliseconds. */
const restartsOf = (kills: readonly Kill[], { said }: House): readonly number[] =>
  kills.flatMap(({ at, victim }) => {
    const name = NAMES[victim];
    const again = name && said.find(entry => entry.at > at && entry.line === `${name} runs again.`);
    return again ? [again.at - at] : [];
  });

/** From each kill until a command that was sent after it is acknowledged, in milliseconds. */
const outagesOf = (kills: readonly Kill[], commands: readonly Command[]): readonly number[] =>
  kills.flatMap(({ at }) => {
    const ends = commands
      .filter(({ sentAt }) => sentAt > at)
      .flatMap(({ lines }) => lines.find(({ state }) => state === 'acked')?.at ?? []);
    return ends.length > 0 ? [Math.min(...ends) - at] : [];
  });

const middle = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
