import { takePrice } from '../../commands/catalogue/price.ts';
import { PriceSheet, PricesEntered } from '../../domain/catalogue/price-sheet.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { saga } from '../../kernel/saga.ts';

/** What takes over each price of a sheet. */
export const takingPrices = ({ priceListId, currency, from, prices }: PricesEntered): readonly CommandMessage[] =>
  prices.map(({ breaks, minQuantity, orderMultiple, ...price }) =>
    takePrice({
      ...price,
      id: priceListId,
      currency,
      from,
      breaks: breaks.map(({ quantity, unitPrice }) => ({ quantity: quantityText(quantity), unitPrice })),
      ...(minQuantity === undefined ? {} : { minQuantity: quantityText(minQuantity) }),
      ...(orderMultiple === undefined ? {} : { orderMultiple: quantityText(orderMultiple) }),
    }),
  );

interface State {
  readonly prices: number;
}

/** Takes over the prices of a sheet that somebody entered. */
export const sheetTaking = saga({
  name: 'sheet-taking',
  stateVersion: 1,
  events: [PricesEntered],
  startedBy: ['PricesEntered'],
  instances: { PricesEntered: ({ copy }, { entityId }) => (copy === undefined ? [entityId] : []) },
  initial: (): State => ({ prices: 0 }),
  on: { PricesEntered: (_, sheet) => ({ state: { prices: sheet.prices.length }, send: takingPrices(sheet), finished: true }) },
  alarms: {},
  waits: {
    taking: ({ prices }) => ({
      reason: `${prices === 1 ? 'The price' : `The ${prices} prices`} of the sheet are being taken over.`,
      next: 'They hold in the list from their day on.',
    }),
  },
  waitsFor: () => 'taking',
  onAbandon: () => ({ stays: 'Some prices of the sheet may not be in the list; enter them again.' }),
  about: id => ({ category: PriceSheet.category, id }),
});
