import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AnySaga } from '../../src/kernel/saga.ts';
import { LogUnavailable } from '../../src/runtime/event-log/port.ts';
import { type BenchHouse, benchHouse, DONE, refusedAs, until } from './bench-house.ts';
import { ParcelPacked, ParcelWeighed, parcelJourney, patientJourney } from './parcels.ts';

const journey = parcelJourney as unknown as AnySaga;
const patient = patientJourney as unknown as AnySaga;

/** Cuts the connection in two of three transactions after all else was written, before they are committed. */
const CUT_BEFORE_COMMIT = `
  create sequence public.cuts;
  create function public.cut() returns trigger language plpgsql as $$
  begin
    if nextval('public.cuts') % 3 <> 0 then perform pg_terminate_backend(pg_backend_pid()); end if;
    return new;
  end $$;
  create trigger cut before update on ops.checkpoints for each row execute function public.cut()`;

const PARCELS = 60;
const WEIGHINGS = 5;
const KILLS = 8;

let house: BenchHouse;
beforeEach(async () => {
  house = await benchHouse();
});
afterEach(() => house.close());

const pack = (parcel: string) => house.tell(`parcel-${parcel}`, ParcelPacked({ parcel, pieces: 1 }));
const weigh = (parcel: string) => house.tell(`parcel-${parcel}`, ParcelWeighed({ parcel, grams: 5 }));
const commandIds = () => new Set(house.asked.map(({ execution }) => execution.commandId));
const owners = () =>
  house.rows(
    `select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`,
  );
const killOwner = () =>
  house.rows(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
    and database = (select oid from pg_database where datname = current_database())`);

describe('the saga runner, disturbed', () => {
  test('moves every instance by every event exactly once, however often its connection is cut', async () => {
    await house.start(journey);
    await house.rows(CUT_BEFORE_COMMIT);
    for (let index = 0; index < PARCELS; index++) {
      await pack(`p${index}`);
      for (let weighing = 0; weighing < WEIGHINGS; weighing++) await weigh(`p${index}`);
      // At moments of its own as well: also while the commit is answered.
      if (index % 5 === 0) await killOwner();
      if (index % 10 === 9) await house.settled();
    }
    await house.settled();
    const [{ cuts }] = (await house.rows('select last_value::int as cuts from public.cuts')) as [{ cuts: number }];
    expect(cuts).toBeGreaterThan(KILLS);
    const moves = await house.rows(`select distinct state ->> 'moves' as moves from ops.saga_instances`);
    expect(moves).toEqual([{ moves: String(1 + WEIGHINGS) }]);
    expect(await house.rows('select count(*)::int as count from ops.saga_instances')).toEqual([{ count: PARCELS }]);
    expect(commandIds().size).toBe(2 * PARCELS);
  });

  test('sends again under the same id what a crash left between the effect and the outbox', async () => {
    const effects = new Set<string>();
    let crashes = 0;
    house.answer = async (_, { commandId }) => {
      effects.add(commandId);
      // The effect is there; the connection over which it would be settled goes.
      if (crashes++ < 3) await killOwner();
      return DONE;
    };
    await house.start(journey);
    await pack('p1');
    await house.settled();
    expect(house.asked.length).toBeGreaterThan(2);
    expect(effects.size).toBe(2);
    expect(await house.rows('select * from ops.saga_outbox')).toEqual([]);
  });

  test('lets a refusal stand that was given before a crash, and tells it once', async () => {
    let asked = 0;
    house.answer = async ({ command }) => {
      if (command !== 'BookPickup') return DONE;
      asked++;
      return refusedAs('NoCarrier', 'No carrier drives there.');
    };
    const { append } = house.log;
    let cut = false;
    // The fact is in the log, but the runner dies before it can take the command out of the outbox.
    Object.assign(house.log, {
      append: async (...args: Parameters<typeof append>) => {
        const appended = await append(...args);
        if (args[0].startsWith('process-') && !cut) {
          cut = true;
          house.answer = () => DONE;
          await killOwner();
        }
        return appended;
      },
    });
    await house.start(patient);
    await pack('p1');
    await house.settled();
    expect(asked).toBe(1);
    expect(house.asked.map(({ message }) => message.command)).toEqual(['BookPickup', 'PrintLabel', 'ChaseCarrier']);
    expect(house.log.events.filter(({ type }) => type === 'CommandRefused')).toHaveLength(1);
  });

  test('has one owner, and another that waits until it is gone', async () => {
    const first = await house.start(journey);
    const second = await house.start(journey);
    house.answer = async () => {
      await new Promise(resolve => setTimeout(resolve, 5));
      return DONE;
    };
    for (let index = 0; index < PARCELS; index++) await pack(`p${index}`);
    await house.settled();
    expect(await owners()).toHaveLength(1);
    expect(house.asked).toHaveLength(2 * PARCELS);
    await first.stop();
    await pack('last');
    await house.settled();
    expect(house.asked).toHaveLength(2 * PARCELS + 2);
    await second.stop();
    await until(async () => (await owners()).length === 0);
  });

  test('goes on by itself when the event log was out of reach', async () => {
    const { append, readStream } = house.log;
    let away = false;
    Object.assign(house.log, {
      append: (...args: Parameters<typeof append>) => (away ? Promise.reject(new LogUnavailable('away')) : append(...args)),
      readStream: (...args: Parameters<typeof readStream>) => {
        if (away) throw new LogUnavailable('away');
        return readStream(...args);
      },
    });
    house.answer = ({ command }) => {
      if (away && command === 'PrintLabel') throw new LogUnavailable('away');
      return command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE;
    };
    await house.start(patient);
    await pack('p1');
    await house.settled();
    await pack('p2');
    away = true;
    await new Promise(resolve => setTimeout(resolve, 1_500));
    expect(house.asked.filter(({ message }) => message.command === 'ChaseCarrier')).toHaveLength(1);
    away = false;
    await house.settled();
    expect(house.asked.filter(({ message }) => message.command === 'ChaseCarrier')).toHaveLength(2);
    expect(house.log.events.filter(({ type }) => type === 'CommandRefused')).toHaveLength(2);
  });

  test('begins by itself once Postgres answers', async () => {
    const connect = house.pool.connect.bind(house.pool);
    let away = true;
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    Object.assign(house.pool, { connect: () => (away ? Promise.reject(refused) : connect()) });
    const starting = house.start(journey);
    await new Promise(resolve => setTimeout(resolve, 300));
    away = false;
    await starting;
    Object.assign(house.pool, { connect });
    await pack('p1');
    await house.settled();
    expect(house.asked).toHaveLength(2);
  });

  test('passes over events that another program put into the log', async () => {
    await house.start(journey);
    await house.log.append(
      'foreign-1',
      [{ id: crypto.randomUUID(), type: 'ParcelPacked', data: 'no parcel', metadata: null as never }],
      -1,
    );
    await pack('p1');
    await house.settled();
    expect(house.asked).toHaveLength(2);
  });
});
