/** A small business for the tests of sagas: parcels are packed, booked with a carrier and handed over. */
import { z } from 'zod';
import { command } from '../../src/kernel/command.ts';
import { decider } from '../../src/kernel/decider.ts';
import { event } from '../../src/kernel/event.ts';
import { finished, type Saga, saga, unmoved } from '../../src/kernel/saga.ts';

export const ParcelPacked = event('ParcelPacked', { parcel: z.string(), pieces: z.int() });
export const PickupBooked = event('PickupBooked', { parcel: z.string(), carrier: z.string() });
export const ParcelWeighed = event('ParcelWeighed', { parcel: z.string(), grams: z.int() });
export const ParcelHandedOver = event('ParcelHandedOver', { parcel: z.string() });

const events = [ParcelPacked, PickupBooked, ParcelWeighed, ParcelHandedOver] as const;

const Parcel = decider({
  category: 'parcel',
  stateVersion: 1,
  events,
  initial: () => ({}),
  evolve: { ParcelPacked: state => state, PickupBooked: state => state, ParcelWeighed: state => state, ParcelHandedOver: state => state },
});

const asked = <const Type extends string>(type: Type) =>
  command({
    type,
    summary: 'Asked by the saga under test.',
    permission: 'parcel:handle',
    input: z.strictObject({ parcel: z.string() }),
    decider: Parcel,
    entityId: ({ parcel }) => parcel,
    decide: () => [],
  });

export const bookPickup = asked('BookPickup');
export const printLabel = asked('PrintLabel');
export const chaseCarrier = asked('ChaseCarrier');
export const thankSender = asked('ThankSender');

interface State {
  readonly pieces: number;
  readonly carrier?: string;
  /** How many facts moved it: tells a fact taken twice. */
  readonly moves: number;
}

type ParcelSaga = Saga<State, (typeof events)[number], 'overdue'>;

/** Books and labels what is packed, and chases the carrier after two days. A parcel of zero grams is a fault of the house. */
export const parcelJourney: ParcelSaga = saga<State, (typeof events)[number], 'overdue', string>({
  name: 'parcel-journey',
  stateVersion: 1,
  events,
  startedBy: ['ParcelPacked'],
  instances: {
    ParcelPacked: ({ parcel }) => [parcel],
    PickupBooked: ({ parcel }) => [parcel],
    ParcelWeighed: ({ parcel }) => [parcel],
    ParcelHandedOver: ({ parcel }) => [parcel],
  },
  initial: () => ({ pieces: 0, moves: 0 }),
  on: {
    ParcelPacked: (state, { parcel, pieces }) => ({
      state: { ...state, pieces, moves: state.moves + 1 },
      send: [bookPickup({ parcel }), printLabel({ parcel })],
      wake: { overdue: 'PT48H' },
    }),
    PickupBooked: (state, { carrier }) => ({ state: { ...state, carrier, moves: state.moves + 1 } }),
    ParcelWeighed: (state, { grams }) => {
      if (grams === 0) throw new Error('A parcel weighs something');
      return grams === 1 ? unmoved : { state: { ...state, moves: state.moves + 1 } };
    },
    ParcelHandedOver: (_state, { parcel }) => ({ ...finished, send: [thankSender({ parcel })] }),
  },
  alarms: { overdue: (state, parcel) => ({ state: { ...state, moves: state.moves + 1 }, send: [chaseCarrier({ parcel })] }) },
  waits: {
    carrier: () => ({ reason: 'The carrier has not answered yet.', next: 'The parcel is handed over.' }),
    pickup: ({ carrier }, parcel) => ({
      reason: `${carrier} has not come yet.`,
      next: 'The sender is thanked.',
      record: { category: 'parcel', id: parcel },
      movedBy: { command: 'HandOver', permission: 'parcel:handle' },
    }),
  },
  waitsFor: ({ carrier }) => (carrier === undefined ? 'carrier' : 'pickup'),
  onAbandon: ({ pieces }, parcel) => {
    if (pieces > 99) throw new Error('Nobody counts so many');
    return { send: [chaseCarrier({ parcel })], stays: `${pieces} pieces stay in the yard.` };
  },
  about: parcel => ({ category: 'parcel', id: parcel }),
});

/** The same, knowing what to do when no pickup can be booked. */
export const patientJourney: ParcelSaga = saga<State, (typeof events)[number], 'overdue', string>({
  ...parcelJourney,
  name: 'patient-journey',
  onRefusal: (state, { command: name, refused }, parcel) =>
    refused === 'NoCarrier' ? { state: { ...state, carrier: `nobody (${name})` }, send: [chaseCarrier({ parcel })] } : finished,
});
