import { copyPrices } from '../../commands/catalogue/price-sheet.ts';
import { type Origin, PriceList, PriceListArchived, PriceListCreated } from '../../domain/catalogue/price-list.ts';
import { PricesEntered } from '../../domain/catalogue/price-sheet.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import { finished, saga } from '../../kernel/saga.ts';
import { takingPrices } from './sheet-taking.ts';

interface State {
  readonly currency: string;
  /** Absent before it begins. */
  readonly origin?: Origin;
  readonly copied: number;
}

/** Copies the prices of a list into its clone, sheet by sheet: the next is asked for when those of the last are taken over. */
export const priceListCloning = saga({
  name: 'price-list-cloning',
  stateVersion: 1,
  events: [PriceListCreated, PriceListArchived, PricesEntered],
  startedBy: ['PriceListCreated'],
  instances: {
    PriceListCreated: ({ origin }, { entityId }) => (origin === undefined ? [] : [entityId]),
    PriceListArchived: (_, { entityId }) => [entityId],
    PricesEntered: ({ copy, priceListId }) => (copy === undefined ? [] : [priceListId]),
  },
  initial: (): State => ({ currency: '', copied: 0 }),
  on: {
    PriceListCreated: (_, { currency, origin }, clone) => {
      const state: State = { currency, copied: 0, ...(origin === undefined ? {} : { origin }) };
      return { state, send: [copying(state, clone, 1, '')] };
    },
    PriceListArchived: () => finished,
    PricesEntered: (before, sheet, clone) => {
      const state = { ...before, copied: before.copied + sheet.prices.length };
      const { step, after, last } = sheet.copy as NonNullable<typeof sheet.copy>;
      if (last) return { state, send: takingPrices(sheet), finished: true };
      return { state, send: [...takingPrices(sheet), copying(state, clone, step + 1, after)] };
    },
  },
  alarms: {},
  waits: {
    copying: ({ copied, origin }) => ({
      reason: `${copied} of ${origin?.prices ?? 0} prices are copied.`,
      next: 'The list names the prices of the list it is a clone of, changed and rounded.',
      ...(origin === undefined ? {} : { record: { category: PriceList.category, id: origin.priceListId } }),
    }),
  },
  waitsFor: () => 'copying',
  onAbandon: ({ copied, origin }) => ({
    stays: `The clone has ${copied} of ${origin?.prices ?? 0} prices; archive it, or enter the others by hand.`,
  }),
  about: id => ({ category: PriceList.category, id }),
});

function copying({ currency, origin }: State, clone: string, step: number, after: string): CommandMessage {
  const { priceListId: originId, on: from, changePercent, rounding } = origin as Origin;
  return copyPrices({ priceListId: clone, originId, from, currency, changePercent, rounding, step, after });
}
