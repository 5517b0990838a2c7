import { z } from 'zod';
import { PriceRounding } from '../../domain/catalogue/price-change.ts';
import { archive, clone, create, edit, PriceList } from '../../domain/catalogue/price-list.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Day, Id, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, command } from '../../kernel/command.ts';
import { PercentChangeText } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { defaultListOf } from '../../projections/catalogue/price-lists.ts';
import { listToClone } from '../../projections/catalogue/prices-to-copy.ts';
import { keysHeld, lapsing } from '../platform/claim.ts';

/** A promotion holds for everybody while it runs; `validFrom` and `validUntil` are the first and last day of any list. */
const card = {
  name: Text(100),
  isDefault: z.boolean().default(false),
  isPromotion: z.boolean().optional(),
  validFrom: Day.optional(),
  validUntil: Day.optional(),
};

const onPriceList = { permission: 'catalogue:price', decider: PriceList } as const;

const knowledge = async (currency: string | undefined, ask: Ask) => ({
  defaultListId: (currency && (await ask(defaultListOf, { currency })).id) || undefined,
});

/** One list of a currency is the default: while it is, the currency is its key. */
const keyHeld = keysHeld(PriceList, list => ({
  defaultPriceList: list?.card.isDefault && !list.archived ? list.currency : undefined,
}));

export const createPriceList = command({
  ...onPriceList,
  type: 'CreatePriceList',
  summary: 'Creates a price list; refused as DefaultListConflict when its currency has another default.',
  route: 'POST /price-lists',
  input: z.strictObject({ ...card, currency: Currency }),
  facts: (_, { currency }, ask) => knowledge(currency, ask),
  decide: beginning(create),
  holds: keyHeld,
});

export const clonePriceList = command({
  ...onPriceList,
  type: 'ClonePriceList',
  summary:
    'Creates a list with the prices that another has on a day, today unless one is given, changed by a percentage and rounded; a large list takes a while, which GET /processes tells of.',
  route: 'POST /price-lists/:id/clone',
  input: z.strictObject({
    id: Id,
    name: Text(100),
    changePercent: PercentChangeText.prefault('0'),
    rounding: PriceRounding.default('exact'),
    on: Day.optional(),
  }),
  links: ({ id }) => [{ category: 'priceList', id }],
  facts: async (_, { id, on }, ask, { today }) => ({ origin: await ask(listToClone, { id, on: on ?? today }) }),
  decide: beginning(clone),
});

export const editPriceList = command({
  ...onPriceList,
  type: 'EditPriceList',
  summary: 'Renames a list, or makes it the default of its currency; refused as DefaultListConflict when there is another.',
  route: 'POST /price-lists/:id/edit',
  entityId: byId,
  input: z.strictObject({ id: Id, ...editable(card) }),
  facts: (list, _, ask) => knowledge(list?.currency, ask),
  decide: existing('price list', edit),
  holds: keyHeld,
});

export const archivePriceList = command({
  ...onPriceList,
  type: 'ArchivePriceList',
  summary: 'Ends a list: its prices hold no longer, orders placed stay as they are.',
  route: 'POST /price-lists/:id/archive',
  entityId: byId,
  input: z.strictObject({ id: Id }),
  decide: existing('price list', archive),
  holds: keyHeld,
});

/** For a command on a price list that vanished with what it held. */
export const lapsePriceListHold = lapsing('LapsePriceListHold', PriceList);
