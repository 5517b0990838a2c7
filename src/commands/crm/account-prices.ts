import { z } from 'zod';
import { Account, standing } from '../../domain/crm/account.ts';
import { agreePriceList as agree, endPriceList as end, type ListKnowledge } from '../../domain/crm/account-prices.ts';
import { Day, Id } from '../../domain/vocabulary.ts';
import { byId, byOwner, command, type DecisionContext } from '../../kernel/command.ts';
import { priceListForPrice } from '../../projections/catalogue/price-lists.ts';

const onAgreement = { decider: Account, entityId: byId, relations: byOwner, permission: 'crm:edit' } as const;

export const agreePriceList = command({
  ...onAgreement,
  type: 'AgreePriceList',
  summary:
    'Gives an account a price list of its own from a day on, until a day where one is given; refused as PriceOverlap where it has another one on any of these days.',
  route: 'POST /accounts/:id/price-lists',
  input: z.strictObject({ id: Id, priceListId: Id, from: Day, until: Day.optional() }),
  facts: async (_, { priceListId }, ask) => ({ priceListKnown: (await ask(priceListForPrice, { id: priceListId })) !== null }),
  decide: standing((account, { id: _, ...wish }, context: DecisionContext<ListKnowledge>) => agree(account, wish, context)),
});

export const endPriceList = command({
  ...onAgreement,
  type: 'EndPriceList',
  summary: 'Says the last day of a price list that was agreed from a day on; a day before that takes the agreement back.',
  route: 'POST /accounts/:id/price-lists/:priceListId/end',
  input: z.strictObject({ id: Id, priceListId: Id, from: Day, until: Day }),
  decide: standing((account, { id: _, ...wish }) => end(account, wish)),
});
