import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AnySaga } from '../../src/kernel/saga.ts';
import { CheckpointWatch } from '../../src/runtime/queries/checkpoints.ts';
import { Rest } from '../../src/runtime/sagas/rest.ts';
import { type BenchHouse, benchHouse, DONE, refusedAs, until } from './bench-house.ts';
import { ParcelHandedOver, ParcelPacked, parcelJourney } from './parcels.ts';

const journey = parcelJourney as unknown as AnySaga;
const SOON_MS = 300;
const PATIENCE_MS = 10_000;
const threads = ['thread-of-parcel-p1'];

let house: BenchHouse;
let watch: CheckpointWatch;
let rest: Rest;
beforeEach(async () => {
  house = await benchHouse();
  watch = new CheckpointWatch(house.pool);
  rest = new Rest({ pool: house.pool, told: (names, patienceMs) => watch.told(names, patienceMs) });
});
afterEach(async () => {
  await watch.close();
  await house.close();
});

const pack = async (): Promise<bigint> => {
  await house.tell('parcel-p1', ParcelPacked({ parcel: 'p1', pieces: 1 }));
  return (await house.log.head()) ?? 0n;
};

/** That the parcel was handed over is read only once this is opened. */
function keepBackHandingOver(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { follow } = house.log;
  house.log.follow = async function* (after, options) {
    for await (const batch of follow(after, options)) {
      if (batch.some(({ type }) => type === ParcelHandedOver.type)) await promise;
      yield batch;
    }
  };
  return resolve;
}

test('a thread rests only when what its commands did was read too, and what follows from that is done', async () => {
  const open = keepBackHandingOver();
  const booked = Promise.withResolvers<void>();
  house.answer = async ({ command }) => {
    if (command !== 'BookPickup') return DONE;
    await house.tell('parcel-p1', ParcelHandedOver({ parcel: 'p1' }));
    booked.resolve();
    return { ...DONE, position: await house.log.head() };
  };
  await house.start(journey);
  const position = await pack();
  await booked.promise;
  expect(await rest.reached({ threads, position }, SOON_MS)).toBeUndefined();
  open();
  expect(await rest.reached({ threads, position }, PATIENCE_MS)).toBe(await house.log.head());
  expect(house.asked.map(({ message }) => message.command)).toContain('ThankSender');
});

test('many who wait are told each of its own thread', async () => {
  const slow = Promise.withResolvers<void>();
  house.answer = async ({ input }) => {
    if ((input as { parcel: string }).parcel === 'p1') await slow.promise;
    return DONE;
  };
  await house.start(journey);
  const position = await pack();
  for (const parcel of ['p2', 'p3']) await house.tell(`parcel-${parcel}`, ParcelPacked({ parcel, pieces: 1 }));
  const head = (await house.log.head()) ?? 0n;
  const waiting = rest.reached({ threads, position }, PATIENCE_MS);
  const others = ['p2', 'p3'].map(parcel => rest.reached({ threads: [`thread-of-parcel-${parcel}`], position: head }, PATIENCE_MS));
  expect(await Promise.all(others)).toEqual([head, head]);
  expect(await Promise.race([waiting, Promise.resolve('waits')])).toBe('waits');
  slow.resolve();
  expect(await waiting).toBe(head);
});

test('what stands still and waits for people is at rest', async () => {
  house.answer = () => refusedAs('NoCarrier', 'No carrier drives there.');
  await house.start(journey);
  const position = await pack();
  await until(async () => (await house.rows(`select from ops.saga_instances where status = 'parked'`)).length === 1);
  expect(await rest.reached({ threads, position }, PATIENCE_MS)).toBeGreaterThanOrEqual(position);
});
