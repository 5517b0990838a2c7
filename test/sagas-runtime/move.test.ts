import { describe, expect, test } from 'vitest';
import { givenSaga } from '../kernel/saga-scenario.ts';
import {
  bookPickup,
  chaseCarrier,
  ParcelHandedOver,
  ParcelPacked,
  ParcelWeighed,
  PickupBooked,
  parcelJourney,
  patientJourney,
  printLabel,
  thankSender,
} from './parcels.ts';

const parcel = 'p1';
const packed = ParcelPacked({ parcel, pieces: 2 });
const booked = PickupBooked({ parcel, carrier: 'Fan' });
const handedOver = ParcelHandedOver({ parcel });

describe('an instance of a saga', () => {
  test('begins with an event that may begin it and sends what the step says, in order', () => {
    givenSaga(parcelJourney)
      .on(packed)
      .sends([bookPickup({ parcel }), printLabel({ parcel })])
      .wakes('overdue', 'PT48H')
      .waitsFor({ reason: 'The carrier has not answered yet.' });
  });

  test('does not begin with any other event', () => {
    givenSaga(parcelJourney).on(booked).sendsNothing().begins();
  });

  test('explains itself anew after each move', () => {
    givenSaga(parcelJourney)
      .on(packed)
      .on(booked)
      .sendsNothing()
      .waitsFor({ reason: 'Fan has not come yet.', record: { category: 'parcel', id: parcel } });
  });

  test('is not resurrected once it is finished', () => {
    givenSaga(parcelJourney)
      .on(packed)
      .on(handedOver)
      .sends([thankSender({ parcel })])
      .finished()
      .sleeps('overdue')
      .on(packed)
      .sendsNothing()
      .finished();
  });

  test('hears of a refusal', () => {
    givenSaga(patientJourney)
      .on(packed)
      .refused(bookPickup, 'NoCarrier')
      .sends([chaseCarrier({ parcel })])
      .waitsFor({ reason: 'nobody (BookPickup) has not come yet.' });
  });

  test('is parked by a refusal it has no answer to, and moves no more', () => {
    givenSaga(parcelJourney)
      .on(packed)
      .refused(bookPickup, 'NoCarrier', 'No carrier drives there.')
      .parked('BookPickup was refused: No carrier drives there.')
      .on(booked)
      .sendsNothing()
      .parked('No carrier');
  });

  test('shows even after its end that its last command was refused', () => {
    givenSaga(parcelJourney).on(packed).on(handedOver).refused(thankSender, 'NoAddress').parked('ThankSender was refused');
  });

  test('is parked by a step that throws, others are not', () => {
    givenSaga(parcelJourney)
      .on(packed)
      .on(ParcelPacked({ parcel: 'p2', pieces: 1 }))
      .on(ParcelWeighed({ parcel, grams: 0 }))
      .of(parcel)
      .parked('A parcel weighs something')
      .of('p2')
      .on(ParcelWeighed({ parcel: 'p2', grams: 5 }))
      .waitsFor({});
  });

  test('hears its alarm', () => {
    givenSaga(parcelJourney)
      .on(packed)
      .rings('overdue')
      .sends([chaseCarrier({ parcel })])
      .sleeps('overdue');
  });

  test('sets no alarm by a back-dated fact', () => {
    givenSaga(parcelJourney).on(packed, { occurredAt: '1997-07-04T00:00:00.000Z' }).sleeps('overdue');
  });

  test('tells the author of a saga why nothing was sent', () => {
    const scenario = givenSaga(parcelJourney)
      .on(packed)
      .on(ParcelWeighed({ parcel, grams: 0 }));
    expect(() => scenario.sends([thankSender({ parcel })])).toThrow('A parcel weighs something');
  });
});
