import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { caller, system } from '../../src/kernel/authority.ts';
import { module, registry } from '../../src/kernel/module.ts';
import { NoSuchRecord } from '../../src/kernel/query.ts';
import type { AnySaga } from '../../src/kernel/saga.ts';
import { listProcesses, processes, processesTable, showProcess } from '../../src/projections/platform/processes.ts';
import { Conflict } from '../../src/runtime/executor/port.ts';
import { startProjector } from '../../src/runtime/projector/projector.ts';
import { createQueryRunner, type WatchedQueryRunner } from '../../src/runtime/queries/runner.ts';
import { type BenchHouse, benchHouse, DONE, refusedAs, until } from './bench-house.ts';
import { ParcelHandedOver, ParcelPacked, ParcelWeighed, PickupBooked, parcelJourney } from './parcels.ts';

const journey = parcelJourney as unknown as AnySaga;
const views = registry([
  module({ name: 'test', commands: [], projections: [processes], queries: [listProcesses, showProcess], sagas: [journey] }),
]);
const asking = { caller: system('test') };

let house: BenchHouse;
let queries: WatchedQueryRunner;
beforeEach(async () => {
  house = await benchHouse();
  queries = createQueryRunner({
    pool: house.pool,
    log: house.log,
    registry: views,
    secret: 'secret',
    patienceMs: 5_000,
    checkOutput: true,
  });
});
afterEach(async () => {
  await queries.close();
  await house.close();
});

const pack = (parcel: string) => house.tell(`parcel-${parcel}`, ParcelPacked({ parcel, pieces: 1 }));
const show = (instance: string) => queries.ask(showProcess, { saga: 'parcel-journey', instance }, asking);
const list = async (filters: Record<string, string> = {}) => {
  const { items } = await queries.ask(listProcesses, { limit: '50', sort: 'since', ...filters } as never, asking);
  return items.map(({ instance }) => instance);
};

describe('the processes', () => {
  test('say what each waits for, since when, and who can move it', async () => {
    await house.start(journey);
    await pack('p1');
    house.now = '2026-03-03T10:00:00.000Z';
    await house.tell('parcel-p1', PickupBooked({ parcel: 'p1', carrier: 'Fan' }));
    await house.settled();
    expect(await show('p1')).toEqual({
      saga: 'parcel-journey',
      instance: 'p1',
      about: { category: 'parcel', id: 'p1' },
      status: 'running',
      wait: 'pickup',
      reason: 'Fan has not come yet.',
      next: 'The sender is thanked.',
      since: '2026-03-03T10:00:00.000Z',
      waitsFor: { category: 'parcel', id: 'p1' },
      movedBy: { command: 'HandOver', permission: 'parcel:handle' },
      refused: null,
      tried: null,
      correlationId: 'thread-of-parcel-p1',
    });
  });

  test('tell what was refused and what is being tried', async () => {
    house.answer = ({ command, input }) => {
      if ((input as { parcel: string }).parcel === 'p1') return refusedAs('NoCarrier', 'No carrier drives there.');
      if (command === 'BookPickup') throw new Conflict('busy');
      return DONE;
    };
    await house.start(journey);
    await pack('p1');
    await pack('p2');
    await until(async () => (await show('p1').catch(() => undefined))?.status === 'parked');
    expect((await show('p1')).refused).toEqual({ command: 'BookPickup', code: 'NoCarrier', because: 'No carrier drives there.' });
    await until(async () => ((await show('p2')).tried?.times ?? 0) > 1);
    expect((await show('p2')).tried).toMatchObject({ command: 'BookPickup', problem: 'Conflict: busy' });
  });

  test('list what is under way, oldest first, by saga, status and record', async () => {
    await house.start(journey);
    for (const parcel of ['old', 'new', 'done']) {
      await pack(parcel);
      house.now = new Date(Date.parse(house.now) + 1_000).toISOString();
    }
    await house.tell('parcel-done', ParcelHandedOver({ parcel: 'done' }));
    await house.settled();
    expect(await list()).toEqual(['old', 'new']);
    expect(await list({ 'filter[about]': 'new' })).toEqual(['new']);
    expect(await list({ 'filter[status]': 'parked' })).toEqual([]);
    expect(await list({ 'filter[saga]': 'parcel-journey' })).toEqual(['old', 'new']);
    expect((await show('done')).status).toBe('finished');
    await expect(show('nobody')).rejects.toThrow(NoSuchRecord);
  });

  test('show an event as soon as its position is asked for', async () => {
    await house.start(journey);
    for (let index = 0; index < 20; index++) {
      await pack(`p${index}`);
      const after = await house.log.head();
      const shown = await queries.ask(
        showProcess,
        { saga: 'parcel-journey', instance: `p${index}` },
        { ...asking, ...(after ? { after } : {}) },
      );
      expect(shown.status).toBe('running');
    }
  });

  test('are hidden from whoever lacks the permission', async () => {
    await house.start(journey);
    await pack('p1');
    await house.settled();
    const nobody = { caller: caller({ kind: 'staff', id: 'ana' }, new Set<string>()) };
    expect(await queries.ask(listProcesses, { limit: '50', sort: 'since' } as never, nobody)).toMatchObject({ items: [] });
  });

  test('have in the database the columns that are documented, and are left alone by the projector', async () => {
    const projector = await startProjector({ log: house.log, pool: house.pool, registry: views });
    await house.start(journey);
    const columns = await house.rows(
      `select attname as name from pg_attribute where attrelid = 'read.processes'::regclass and attnum > 0 order by attnum`,
    );
    expect(columns.map(({ name }) => name)).toEqual(['id', ...Object.keys(processesTable.columns)]);
    await pack('p1');
    await house.settled();
    expect(await house.rows('select name, state from ops.checkpoints')).toEqual([{ name: 'processes', state: 'live' }]);
    expect(await list()).toEqual(['p1']);
    await projector.stop();
  });

  test('show any past standing again as it was shown then, also after their saga was reshaped', async () => {
    let runner = await house.start(journey);
    const recorded: { readonly before: bigint; readonly shown: unknown }[] = [];
    const everything = async (asking: object): Promise<unknown> => {
      const { items } = await queries.ask(listProcesses, { limit: '50', sort: 'since' } as never, asking as never);
      return items;
    };
    const remember = async (): Promise<void> => {
      await house.settled();
      recorded.push({ before: ((await house.log.head()) ?? 0n) + 1n, shown: await everything(asking) });
    };
    for (const parcel of ['p1', 'p2', 'p3']) {
      await pack(parcel);
      await remember();
      house.now = new Date(Date.parse(house.now) + 1_000).toISOString();
    }
    await house.tell('parcel-p1', PickupBooked({ parcel: 'p1', carrier: 'Fan' }));
    await house.tell('parcel-p1', PickupBooked({ parcel: 'p1', carrier: 'Speedy' }));
    await remember();
    await house.tell('parcel-p2', ParcelHandedOver({ parcel: 'p2' }));
    await house.tell('parcel-p3', ParcelWeighed({ parcel: 'p3', grams: 0 }));
    await remember();
    await runner.stop();
    const terse = { ...journey.waits, pickup: () => ({ reason: 'On its way.', next: 'It arrives.' }) };
    runner = await house.start({ ...journey, stateVersion: 2, waits: terse });
    await until(async () => (await show('p1')).reason === 'On its way.');
    await pack('p4');
    await remember();
    for (const { before, shown } of recorded) expect(await past(before)).toEqual(shown);

    // What a single batch went through is kept step by step.
    await runner.stop();
    const places: bigint[] = [];
    for (const parcel of ['q1', 'q2', 'q3']) {
      await pack(parcel);
      places.push((await house.log.head()) ?? 0n);
    }
    await house.start({ ...journey, stateVersion: 2, waits: terse });
    await house.settled();
    const instances = async (place: bigint) => ((await past(place + 1n)) as { instance: string }[]).map(({ instance }) => instance);
    const [first = 0n, second = 0n] = places;
    expect((await instances(first)).filter(instance => instance.startsWith('q'))).toEqual(['q1']);
    expect((await instances(second)).filter(instance => instance.startsWith('q'))).toEqual(['q1', 'q2']);

    async function past(before: bigint): Promise<unknown> {
      const sql = `select id from read_past.processes where from_position < $1 and (to_position is null or to_position >= $1)`;
      expect(await house.rows(`${sql} group by id having count(*) > 1`, [String(before)])).toEqual([]);
      return everything({ ...asking, asOf: { position: before - 1n } });
    }
  });
});
