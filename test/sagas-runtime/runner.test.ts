import { INVALID_SPAN_CONTEXT, type Span, type Tracer, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AnySaga } from '../../src/kernel/saga.ts';
import { Conflict, InvalidInput } from '../../src/runtime/executor/port.ts';
import { type BenchHouse, benchHouse, DONE, refusedAs, TRACEPARENT, until } from './bench-house.ts';
import { ParcelHandedOver, ParcelPacked, ParcelWeighed, PickupBooked, parcelJourney, patientJourney } from './parcels.ts';

const journey = parcelJourney as unknown as AnySaga;
const patient = patientJourney as unknown as AnySaga;
const HANDFUL = 5;

let house: BenchHouse;
beforeEach(async () => {
  house = await benchHouse();
});
afterEach(() => house.close());

const pack = (parcel: string, occurredAt?: string) => house.tell(`parcel-${parcel}`, ParcelPacked({ parcel, pieces: 1 }), occurredAt);
const weigh = (parcel: string, grams: number) => house.tell(`parcel-${parcel}`, ParcelWeighed({ parcel, grams }));
const handOver = (parcel: string) => house.tell(`parcel-${parcel}`, ParcelHandedOver({ parcel }));
const sent = () => house.asked.map(({ message }) => message.command);
const sentFor = (parcel: string) =>
  house.asked.filter(({ message }) => (message.input as { parcel: string }).parcel === parcel).map(({ message }) => message.command);
const instance = async (parcel: string) => (await house.rows('select * from read.processes where instance = $1', [parcel]))[0];
const steering = () => house.log.events.filter(({ stream }) => stream.startsWith('process-'));

describe('the saga runner', () => {
  test('sends what a step says, in the thread and in the name of the saga', async () => {
    await house.start(journey);
    await pack('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel']);
    const [{ execution }] = house.asked as [(typeof house.asked)[0]];
    const [event] = house.log.events;
    expect(execution).toMatchObject({
      caller: { actor: { kind: 'system', id: 'saga:parcel-journey' } },
      cause: { correlationId: 'thread-of-parcel-p1', causationId: event?.id },
      after: event?.position,
    });
    expect(execution).not.toHaveProperty('occurredAt');
    expect(await instance('p1')).toMatchObject({ status: 'running', reason: 'The carrier has not answered yet.', about_id: 'p1' });
  });

  test('asks again, under the same id, what met a trouble of the moment, and keeps the order of the instance', async () => {
    let troubles = 0;
    house.answer = ({ command }) => {
      if (command === 'BookPickup' && troubles++ < 3) throw new Conflict('busy');
      return DONE;
    };
    await house.start(journey);
    await pack('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'BookPickup', 'BookPickup', 'BookPickup', 'PrintLabel']);
    expect(new Set(house.asked.map(({ execution }) => execution.commandId)).size).toBe(2);
  });

  test('keeps the order within an instance while other instances go on', async () => {
    let release = (): void => {};
    const blocked = new Promise<void>(resolve => {
      release = resolve;
    });
    house.answer = async ({ command, input }) => {
      if (command === 'BookPickup' && (input as { parcel: string }).parcel === 'slow') await blocked;
      return DONE;
    };
    await house.start(journey);
    await pack('slow');
    for (let index = 0; index < HANDFUL; index++) await pack(`p${index}`);
    await until(() => sentFor(`p${HANDFUL - 1}`).length === 2);
    expect(sentFor('slow')).toEqual(['BookPickup']);
    release();
    await house.settled();
    expect(sentFor('slow')).toEqual(['BookPickup', 'PrintLabel']);
  });

  test('brings a refusal back to the saga as a fact, once', async () => {
    house.answer = ({ command }) => (command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE);
    await house.start(patient);
    await pack('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel', 'ChaseCarrier']);
    expect(steering()).toMatchObject([
      {
        stream: 'process-patient-journey~p1',
        type: 'CommandRefused',
        data: { command: 'BookPickup', refused: 'NoCarrier', input: { parcel: 'p1' } },
        metadata: { actor: { kind: 'system', id: 'saga:patient-journey' }, correlationId: 'thread-of-parcel-p1', basis: -1 },
      },
    ]);
    expect(await instance('p1')).toMatchObject({ status: 'running', refused: 'NoCarrier', refused_command: 'BookPickup' });
  });

  test('parks an instance whose command is refused and that has no answer to it, before it sends what follows', async () => {
    house.answer = ({ command }) => (command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE);
    const { follow } = house.log;
    // The saga hears of the refusal late.
    Object.assign(house.log, {
      follow: async function* (...args: Parameters<typeof follow>) {
        for await (const batch of follow(...args)) {
          if (batch.some(({ type }) => type === 'CommandRefused')) await new Promise(resolve => setTimeout(resolve, 300));
          yield batch;
        }
      },
    });
    await house.start(journey);
    await pack('p1');
    await until(async () => (await instance('p1'))?.status === 'parked');
    expect(await instance('p1')).toMatchObject({ reason: 'BookPickup was refused: No carrier drives there.' });
    await house.settled();
    expect(sent()).toEqual(['BookPickup']);
  });

  test('parks only the instance whose step throws, and says so in the log', async () => {
    await house.start(journey);
    await pack('bad');
    await pack('good');
    await house.settled();
    await weigh('bad', 0);
    await weigh('good', 5);
    await handOver('bad');
    await handOver('good');
    await house.settled();
    expect(await instance('bad')).toMatchObject({ status: 'parked', reason: 'Error: A parcel weighs something' });
    expect(await instance('good')).toMatchObject({ status: 'finished' });
    expect(sentFor('good')).toContain('ThankSender');
    expect(sentFor('bad')).not.toContain('ThankSender');
    expect(steering().map(({ type, stream }) => [type, stream])).toEqual([['ProcessParked', 'process-parcel-journey~bad']]);
    const kept = await house.rows(`select stream, revision from ops.saga_inbox where instance = 'bad' order by position`);
    expect(kept).toEqual([
      { stream: 'parcel-bad', revision: 1 },
      { stream: 'parcel-bad', revision: 2 },
    ]);
  });

  test('parks an instance whose command no one can take, and holds what would follow it', async () => {
    house.answer = ({ command }) => {
      if (command === 'BookPickup') throw new InvalidInput([{ pointer: '/parcel', detail: 'Too short' }]);
      return DONE;
    };
    await house.start(journey);
    await pack('p1');
    await pack('p2');
    await until(async () => (await instance('p1'))?.status === 'parked' && (await instance('p2'))?.status === 'parked');
    expect(sent()).toEqual(['BookPickup', 'BookPickup']);
    expect(await instance('p1')).toMatchObject({ reason: expect.stringContaining('BookPickup could not be sent'), tries: 1 });
  });

  test('does not resurrect a finished instance', async () => {
    await house.start(journey);
    await pack('p1');
    await handOver('p1');
    await pack('p1');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel', 'ThankSender']);
    expect(await instance('p1')).toMatchObject({ status: 'finished' });
  });

  test('dates the consequences of a back-dated fact with it, and sets no alarm by it', async () => {
    const then = '1997-07-04T00:00:00.000Z';
    house.answer = ({ command }) => (command === 'BookPickup' ? refusedAs('NoCarrier', 'No carrier drives there.') : DONE);
    await house.start(patient);
    await pack('p1', then);
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel', 'ChaseCarrier']);
    expect(house.asked.map(({ execution }) => execution.occurredAt)).toEqual([then, then, then]);
    house.now = '2027-01-01T00:00:00.000Z';
    await new Promise(resolve => setTimeout(resolve, 2_500));
    expect(steering().map(({ type }) => type)).toEqual(['CommandRefused']);
  });

  test('rings an alarm when it is due, once, also across a restart', async () => {
    const runner = await house.start(journey);
    await pack('p1');
    await house.settled();
    house.now = '2026-03-04T08:59:59.999Z';
    await new Promise(resolve => setTimeout(resolve, 1_500));
    expect(sent()).not.toContain('ChaseCarrier');
    await runner.stop();
    house.now = '2026-03-04T09:00:00.000Z';
    await house.start(journey);
    await until(() => sent().includes('ChaseCarrier'));
    await new Promise(resolve => setTimeout(resolve, 1_500));
    await house.settled();
    expect(sent().filter(command => command === 'ChaseCarrier')).toHaveLength(1);
    expect(steering().map(({ type }) => type)).toEqual(['AlarmRang']);
  });

  test('rings alarms that fell due together, each once, while it stood still or not', { timeout: 60_000 }, async () => {
    const many = 250;
    const runner = await house.start(journey);
    for (let index = 0; index < many; index++) await pack(`p${index}`);
    await house.settled();
    await runner.stop();
    house.now = '2026-03-05T09:00:00.000Z';
    await house.start(journey);
    await pack('late');
    await until(() => sentFor('late').length === 2);
    await until(() => sent().filter(command => command === 'ChaseCarrier').length === many);
    await house.settled();
    expect(sent().filter(command => command === 'ChaseCarrier')).toHaveLength(many);
    expect(steering().filter(({ type }) => type === 'AlarmRang')).toHaveLength(many);
  });

  test('makes states of the history it finds, and sends nothing of it', async () => {
    for (let index = 0; index < HANDFUL; index++) await pack(`old${index}`);
    await weigh('old0', 0);
    const runner = await house.start({ ...journey, adopts: true });
    await house.settled();
    house.now = '2027-01-01T00:00:00.000Z';
    await pack('new');
    await handOver('old1');
    await until(() => sentFor('new').length === 2 && sentFor('old1').length === 1);
    await runner.stop();
    expect(sent().sort()).toEqual(['BookPickup', 'PrintLabel', 'ThankSender']);
    expect(await instance('old2')).toMatchObject({ status: 'running', since: '2026-03-02T09:00:00.000Z' });
    expect(await instance('old0')).toMatchObject({ status: 'parked' });
  });

  test('installs a further saga beside those that run, each at its own place', async () => {
    const first = await house.start(journey);
    await pack('p1');
    await house.settled();
    await first.stop();
    await pack('p2');
    await house.start(journey, patient);
    await until(() => sentFor('p2').length === 2);
    await pack('p3');
    await until(() => sentFor('p3').length === 4);
    await house.settled();
    expect(sentFor('p1')).toHaveLength(2);
    expect(sentFor('p2')).toHaveLength(2);
    expect(await house.rows(`select count(*)::int as count from ops.saga_instances`)).toEqual([{ count: 6 }]);
  });

  test('makes states anew, without sending again, when their shape has changed', async () => {
    const first = await house.start(journey);
    await pack('p1');
    await house.settled();
    await first.stop();
    const reshaped = { ...journey, stateVersion: 2, initial: () => ({ pieces: 0, moves: 100 }) };
    await house.start(reshaped);
    await weigh('p1', 7);
    await until(async () => (await house.rows(`select state ->> 'moves' as moves from ops.saga_instances`))[0]?.moves === '102');
    await house.settled();
    expect(sent()).toEqual(['BookPickup', 'PrintLabel']);
    house.now = '2026-03-04T09:00:00.000Z';
    await until(() => sent().includes('ChaseCarrier'));
  });

  test('detaches a saga that cannot tell whom an event concerns; the others go on', async () => {
    const lost = {
      ...patient,
      instances: {
        ...patient.instances,
        PickupBooked: () => {
          throw new Error('lost');
        },
      },
    };
    await house.start(journey, lost);
    await pack('p1');
    await house.tell('parcel-p1', PickupBooked({ parcel: 'p1', carrier: 'Fan' }));
    await handOver('p1');
    await until(() => sentFor('p1').includes('ThankSender'));
    expect(await house.rows(`select name from ops.sagas where detached is not null`)).toEqual([{ name: 'patient-journey' }]);
    expect(await instance('p1')).toBeDefined();
  });

  test('takes each step inside a span, and hands the trace of the cause on', async () => {
    const spans: string[] = [];
    const tracer = {
      startSpan: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
      startActiveSpan: (name: string, options: { attributes: { instance: string } }, _: unknown, work: (span: Span) => unknown) => {
        spans.push(`${name} ${options.attributes.instance}`);
        return work(tracer.startSpan());
      },
    };
    trace.setGlobalTracerProvider({ getTracer: () => tracer as unknown as Tracer });
    try {
      await house.start(journey);
      await pack('p1');
      await house.settled();
      expect(spans).toEqual(['saga step p1']);
      expect(house.asked.map(({ execution }) => execution.traceparent)).toEqual([TRACEPARENT, TRACEPARENT]);
    } finally {
      trace.disable();
    }
  });

  test('reads no other log than the one the database was built from', async () => {
    await house.rows(
      `insert into ops.checkpoints (name, version, log_id, state, shown, shape) values ('leads', 1, 'another', 'live', true, '')`,
    );
    void house.start(journey);
    await pack('p1');
    await new Promise(resolve => setTimeout(resolve, 700));
    expect(await house.rows('select * from ops.sagas')).toEqual([]);
    await house.rows('delete from ops.checkpoints');
    await house.settled();
    expect(await house.rows('select * from ops.saga_instances')).toHaveLength(1);
  });
});
