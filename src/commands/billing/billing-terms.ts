import { z } from 'zod';
import { BillingTerms, choose, TermsCard } from '../../domain/billing/billing-terms.ts';
import { editable } from '../../domain/records.ts';
import { Id } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { accountKnown } from '../knowledge.ts';

export const chooseBillingTerms = command({
  type: 'ChooseBillingTerms',
  summary: 'Says when orders of an account are invoiced and whether its terms run to the end of the month; null: as the company does it.',
  route: 'POST /accounts/:id/billing-terms',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, ...editable(TermsCard.shape) }),
  decider: BillingTerms,
  entityId: byId,
  parent: ({ id }) => ({ category: 'account', id }),
  facts: async (_, { id }, ask, context) => ({ accountKnown: (await accountKnown(id, ask, context)) === true }),
  decide: choose,
});
