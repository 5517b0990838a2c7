import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { abandonProcess, adoptProcess, retryProcess } from '../../src/commands/platform/processes.ts';
import { system } from '../../src/kernel/authority.ts';
import { module, registry } from '../../src/kernel/module.ts';
import type { AnySaga } from '../../src/kernel/saga.ts';
import { processes, standingOfProcess } from '../../src/projections/platform/processes.ts';
import { createExecutor } from '../../src/runtime/executor/executor.ts';
import type { Executor, Outcome } from '../../src/runtime/executor/port.ts';
import { InvalidInput } from '../../src/runtime/executor/port.ts';
import { createQueryRunner, type WatchedQueryRunner } from '../../src/runtime/queries/runner.ts';
import { type BenchHouse, benchHouse, DONE, refusedAs, until } from './bench-house.ts';
import { ParcelHandedOver, ParcelPacked, ParcelWeighed, PickupBooked, parcelJourney, patientJourney } from './parcels.ts';

const journey = parcelJourney as unknown as AnySaga;
const patient = patientJourney as unknown as AnySaga;
/** The same saga after its fault was mended: a parcel of zero grams passes. */
const mended: AnySaga = {
  ...journey,
  on: { ...journey.on, ParcelWeighed: (state: { moves: number }) => ({ state: { ...state, moves: state.moves + 1 } }) },
} as unknown as AnySaga;

let house: BenchHouse;
let queries: WatchedQueryRunner;
let people: Executor;
beforeEach(async () => {
  house = await benchHouse();
  const offered = registry([
    module({
      name: 'test',
      commands: [retryProcess, abandonProcess, adoptProcess],
      projections: [processes],
      queries: [standingOfProcess],
      sagas: [],
    }),
  ]);
  queries = createQueryRunner({ pool: house.pool, registry: offered, secret: 'secret', patienceMs: 5_000, checkOutput: true });
  people = createExecutor({ log: house.log, registry: offered, queries, clock: { now: () => house.now }, timeZone: 'UTC' });
});
afterEach(async () => {
  await queries.close();
  await house.close();
});

const pack = (parcel: string, pieces = 1) => house.tell(`parcel-${parcel}`, ParcelPacked({ parcel, pieces }));
const weigh = (parcel: string, grams: number) => house.tell(`parcel-${parcel}`, ParcelWeighed({ parcel, grams }));
const book = (parcel: string) => house.tell(`parcel-${parcel}`, PickupBooked({ parcel, carrier: 'Fan' }));
const handOver = (parcel: string) => house.tell(`parcel-${parcel}`, ParcelHandedOver({ parcel }));
const sent = () => house.asked.map(({ message }) => message.command);
const sentFor = (parcel: string) =>
  house.asked.filter(({ message }) => (message.input as { parcel: string }).parcel === parcel).map(({ message }) => message.command);
const shown = async (instance: string, saga = 'parcel-journey') =>
  (await house.rows('select * from read.processes where instance = $1 and saga = $2', [instance, saga]))[0];
const comesTo = (instance: string, status: string, saga?: string) =>
  until(async () => (await shown(instance, saga))?.['status'] === status);
const left = (table: 'saga_outbox' | 'saga_inbox' | 'saga_drafts') => house.rows(`select * from ops.${table}`);

async function says(command: typeof retryProcess, instance: string, saga = 'parcel-journey'): Promise<Outcome> {
  const after = await house.log.head();
  const message = command({ saga, instance, note: 'I have looked at it' });
  return people.execute(message, {
    caller: system('ana'),
    commandId: crypto.randomUUID(),
    ...(after === undefined ? {} : { after }),
  });
}
const retry = (instance: string, saga?: string) => says(retryProcess, instance, saga);
const abandon = (instance: string, saga?: string) => says(abandonProcess, instance, saga);
const adopt = (instance: string, saga?: string) => says(adoptProcess, instance, saga);

describe('an instance that stands still', () => {
  test('takes on retry what it stopped at and all that came meanwhile, in order, once', async () => {
    const first = await house.start(journey);
    await pack('p1');
    await weigh('p1', 0);
    await book('p1');
    await house.settled();
    expect(await shown('p1')).toMatchObject({
      status: 'parked',
      waited_category: 'process',
      waited_id: 'parcel-journey~p1',
      moved_by_command: 'RetryProcess',
      moved_by_permission: 'platform:retry',
    });
    await first.stop();
    await house.start(mended);
    await handOver('p1');
    await retry('p1');
    await comesTo('p1', 'finished');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel', 'ThankSender']);
    expect(await house.rows(`select state ->> 'moves' as moves from ops.saga_instances`)).toEqual([{ moves: '3' }]);
    expect(await left('saga_inbox')).toEqual([]);
  });

  test('is parked again, visibly, when what it stopped at fails again', async () => {
    await house.start(journey);
    await pack('p1');
    await weigh('p1', 0);
    await handOver('p1');
    await house.settled();
    await retry('p1');
    await until(async () => house.log.events.filter(({ type }) => type === 'ProcessParked').length === 2);
    expect(await shown('p1')).toMatchObject({ status: 'parked', attempt: 1, reason: 'Error: A parcel weighs something' });
    expect(await left('saga_inbox')).toHaveLength(2);
    await retry('p1');
    await until(async () => house.log.events.filter(({ type }) => type === 'ProcessParked').length === 3);
  });

  test('asks again what was refused, under a new id, before all that follows', async () => {
    house.answer = ({ command }) => (command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE);
    await house.start(journey);
    await pack('p1');
    await comesTo('p1', 'parked');
    house.answer = () => DONE;
    await retry('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'BookPickup', 'PrintLabel']);
    expect(new Set(house.asked.map(({ execution }) => execution.commandId)).size).toBe(3);
    expect(await shown('p1')).toMatchObject({ status: 'running', reason: 'The carrier has not answered yet.' });
    expect(await left('saga_outbox')).toEqual([]);
  });

  test('tells each refusal anew: retried in vain it is parked anew', async () => {
    house.answer = ({ command }) => (command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE);
    await house.start(journey);
    await pack('p1');
    await comesTo('p1', 'parked');
    await retry('p1');
    await until(async () => house.log.events.filter(({ type }) => type === 'CommandRefused').length === 2);
    await comesTo('p1', 'parked');
    house.answer = () => DONE;
    await retry('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'BookPickup', 'BookPickup', 'PrintLabel']);
  });

  test('sends again what met a fault of the house', async () => {
    house.answer = ({ command }) => {
      if (command === 'BookPickup') throw new InvalidInput([{ pointer: '/parcel', detail: 'Too short' }]);
      return DONE;
    };
    await house.start(journey);
    await pack('p1');
    await comesTo('p1', 'parked');
    house.answer = () => DONE;
    await retry('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'BookPickup', 'PrintLabel']);
  });

  test('hears on retry of a refusal that came while it stood still', async () => {
    let release = (): void => {};
    const blocked = new Promise<void>(resolve => {
      release = resolve;
    });
    house.answer = async ({ command }) => {
      if (command !== 'BookPickup') return DONE;
      await blocked;
      return refusedAs('NoCarrier', 'No carrier drives there.');
    };
    const first = await house.start(patient);
    await pack('p1');
    await until(() => sent().includes('BookPickup'));
    await weigh('p1', 0);
    await comesTo('p1', 'parked', 'patient-journey');
    release();
    await until(async () => house.log.events.some(({ type }) => type === 'CommandRefused'));
    await house.settled();
    await first.stop();
    await house.start({ ...mended, name: 'patient-journey', onRefusal: patient.onRefusal } as AnySaga);
    await retry('p1', 'patient-journey');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel', 'ChaseCarrier']);
    expect(await left('saga_outbox')).toEqual([]);
  });

  test('is retried once however often somebody says so, and never when it runs', async () => {
    await house.start(journey);
    await pack('p1');
    await house.settled();
    expect(await retry('p1')).toMatchObject({ kind: 'refused', refusal: { refused: 'NotParked' } });
    expect(await retry('nobody')).toMatchObject({ kind: 'refused', refusal: { refused: 'NotFound' } });
    await weigh('p1', 0);
    await house.settled();
    const before = house.log.events.length;
    const message = retryProcess({ saga: 'parcel-journey', instance: 'p1', note: 'Twice' });
    const both = [1, 2].map(() => people.execute(message, { caller: system('ana'), commandId: crypto.randomUUID() }));
    expect(await Promise.all(both)).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
    expect(house.log.events.slice(before).filter(({ type }) => type === 'ProcessRetried')).toHaveLength(1);
  });
});

describe('an instance that is given up', () => {
  test('takes back what its saga says, sends nothing else any more, and tells what stays', async () => {
    house.answer = ({ command }) => (command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE);
    await house.start(journey);
    await pack('p1', 3);
    await comesTo('p1', 'parked');
    await abandon('p1');
    await comesTo('p1', 'abandoned');
    await handOver('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'ChaseCarrier']);
    expect(await shown('p1')).toMatchObject({ reason: 'It was given up: I have looked at it', next: '3 pieces stay in the yard.' });
    expect(await left('saga_outbox')).toEqual([]);
    expect(await abandon('p1')).toMatchObject({ kind: 'done' });
    expect(house.log.events.filter(({ type }) => type === 'ProcessAbandoned')).toHaveLength(1);
  });

  test('is parked again when taking back is refused; given up twice, it takes nothing back', async () => {
    await house.start(journey);
    await pack('p1');
    await house.settled();
    house.answer = () => refusedAs('Gone', 'The carrier is gone.');
    await abandon('p1');
    await comesTo('p1', 'parked');
    expect(await shown('p1')).toMatchObject({ reason: 'ChaseCarrier was refused: The carrier is gone.' });
    await abandon('p1');
    await comesTo('p1', 'abandoned');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel', 'ChaseCarrier']);
    expect(await left('saga_outbox')).toEqual([]);
  });

  test('retried after a refused taking back, asks that again and is given up as before', async () => {
    await house.start(journey);
    await pack('p1');
    await house.settled();
    house.answer = () => refusedAs('Gone', 'The carrier is gone.');
    await abandon('p1');
    await comesTo('p1', 'parked');
    house.answer = () => DONE;
    await retry('p1');
    await comesTo('p1', 'abandoned');
    await house.settled();
    expect(sent().filter(command => command === 'ChaseCarrier')).toHaveLength(2);
    expect(await shown('p1')).toMatchObject({ next: '1 pieces stay in the yard.' });
  });

  test('is not brought back by a refusal of what it had asked for before', async () => {
    let release = (): void => {};
    const blocked = new Promise<void>(resolve => {
      release = resolve;
    });
    house.answer = async ({ command }) => {
      if (command !== 'BookPickup') return DONE;
      await blocked;
      return refusedAs('NoCarrier', 'No carrier drives there.');
    };
    await house.start(journey);
    await pack('p1');
    await until(() => sent().includes('BookPickup'));
    await abandon('p1');
    await comesTo('p1', 'abandoned');
    release();
    await until(() => sent().includes('ChaseCarrier'));
    await house.settled();
    expect(await shown('p1')).toMatchObject({ status: 'abandoned' });
    expect(await left('saga_outbox')).toEqual([]);
  });

  test('can be given up though its saga is at fault, and not once it is finished', async () => {
    await house.start(journey);
    await pack('many', 100);
    await pack('done');
    await handOver('done');
    await house.settled();
    await abandon('many');
    await comesTo('many', 'abandoned');
    expect(await shown('many')).toMatchObject({ next: expect.stringContaining('Nobody counts so many') });
    expect(await abandon('done')).toMatchObject({ kind: 'refused', refusal: { refused: 'AlreadyFinished' } });
  });
});

describe('a saga added later', () => {
  test('says from which position on it acts, and leaves what it finds under way to be adopted', async () => {
    await pack('old');
    const head = await house.log.head();
    await house.start(journey);
    await book('old');
    await handOver('old');
    await pack('new');
    await house.settled();
    expect(sentFor('new')).toEqual(['BookPickup', 'PrintLabel']);
    expect(sentFor('old')).toEqual([]);
    expect(await house.rows('select installed_at::text as at from ops.sagas')).toEqual([{ at: String(head) }]);
    expect(await shown('old')).toMatchObject({
      status: 'unadopted',
      moved_by_command: 'AdoptProcess',
      moved_by_permission: 'platform:retry',
      reason: expect.stringContaining('The carrier has not answered yet.'),
    });
    expect(await adopt('new')).toMatchObject({ kind: 'refused', refusal: { refused: 'NotWaitingForAdoption' } });
    await adopt('old');
    await comesTo('old', 'finished');
    await house.settled();
    expect(sentFor('old')).toEqual(['ThankSender']);
  });

  test('does not hold up the others while it reads history', { timeout: 60_000 }, async () => {
    const first = await house.start(journey);
    for (let index = 0; index < 3; index++) await pack(`old${index}`);
    await house.settled();
    await first.stop();
    let let_through = (): void => {};
    const reading = new Promise<void>(resolve => {
      let_through = resolve;
    });
    const { readAll } = house.log;
    Object.assign(house.log, {
      readAll: async (...args: Parameters<typeof readAll>) => {
        await reading;
        return readAll(...args);
      },
    });
    await house.start(journey, patient);
    await pack('new');
    await until(async () => (await shown('new'))?.['status'] === 'running' && sentFor('new').length === 2);
    expect(await shown('old0', 'patient-journey')).toBeUndefined();
    let_through();
    await until(async () => sentFor('new').length === 4);
    await house.settled();
    expect(await shown('old0', 'patient-journey')).toMatchObject({ status: 'unadopted' });
    expect(await left('saga_drafts')).toEqual([]);
  });
});

describe('a saga whose states have another shape', () => {
  test('shows the old ones until the new ones have caught up, and sends of what came meanwhile once', async () => {
    const first = await house.start(journey);
    await pack('p1');
    await house.settled();
    await first.stop();
    let let_through = (): void => {};
    const reading = new Promise<void>(resolve => {
      let_through = resolve;
    });
    const { readAll } = house.log;
    Object.assign(house.log, {
      readAll: async (...args: Parameters<typeof readAll>) => {
        await reading;
        return readAll(...args);
      },
    });
    await house.start({ ...journey, stateVersion: 2 } as AnySaga, patient);
    await handOver('p1');
    expect(await shown('p1')).toMatchObject({ status: 'running', reason: 'The carrier has not answered yet.' });
    let_through();
    await comesTo('p1', 'finished');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel', 'ThankSender']);
  });

  test('stops its parked instances where they stood, so that a retry does what was never done', async () => {
    const first = await house.start(journey);
    await pack('bad');
    await house.settled();
    await weigh('bad', 0);
    await handOver('bad');
    house.answer = ({ command }) => (command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE);
    await pack('refused');
    await house.settled();
    await first.stop();
    house.answer = () => DONE;
    house.asked.length = 0;
    await house.start({ ...mended, stateVersion: 2 });
    await house.settled();
    expect((await shown('bad'))?.['status']).toBe('parked');
    expect((await shown('refused'))?.['status']).toBe('parked');
    await retry('bad');
    await retry('refused');
    await comesTo('bad', 'finished');
    await house.settled();
    expect(sentFor('bad')).toEqual(['ThankSender']);
    expect(sentFor('refused')).toEqual(['BookPickup', 'PrintLabel']);
  });
});
