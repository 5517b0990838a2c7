import { z } from 'zod';
import {
  approveRaise,
  Credit,
  changeReceivable,
  endRaise,
  openReceivable,
  releaseCredit as release,
  requestRaise,
  reserveCredit as reserve,
} from '../../domain/sales/credit.ts';
import { Day, Id, Reason } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { MoneyText } from '../../kernel/money.ts';

/** The id is that of the account. */
const onCredit = { decider: Credit, entityId: byId } as const;

/** Held by the acceptance of an order. */
export const reserveCredit = command({
  ...onCredit,
  type: 'ReserveCredit',
  summary: 'Takes of the credit of an account what an order comes to; refused as CreditLimitExceeded where that is more than is left.',
  permission: 'sales:accept',
  input: z.strictObject({ id: Id, orderId: Id, amount: MoneyText, limit: MoneyText.optional(), overridden: z.boolean().optional() }),
  decide: (credit, { id: _, ...wish }, context) => reserve(credit, wish, context),
});

/** The way back from ReserveCredit, and what an order no longer takes. */
export const releaseCredit = command({
  ...onCredit,
  type: 'ReleaseCredit',
  summary: 'Gives back what an order takes of the credit of its account, or a part of it.',
  permission: 'sales:accept',
  input: z.strictObject({ id: Id, orderId: Id, amount: MoneyText.optional() }),
  decide: release,
});

export const openReceivableOfAccount = command({
  ...onCredit,
  type: 'OpenReceivable',
  summary: 'Counts an issued invoice to what an account owes; what its order took is less by it.',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, invoiceId: Id, orderId: Id.optional(), amount: MoneyText }),
  decide: (credit, { id: _, ...wish }) => openReceivable(credit, wish),
});

export const changeReceivableOfAccount = command({
  ...onCredit,
  type: 'ChangeReceivable',
  summary: 'Says what is still owed of an invoice.',
  permission: 'billing:pay',
  input: z.strictObject({ id: Id, invoiceId: Id, open: MoneyText }),
  decide: changeReceivable,
});

export const requestCreditRaise = command({
  ...onCredit,
  type: 'RequestCreditRaise',
  summary: 'Asks for more credit than the limit of an account, up to a day.',
  route: 'POST /accounts/:id/credit-raise',
  permission: 'sales:order',
  input: z.strictObject({ id: Id, amount: MoneyText, until: Day, reason: Reason }),
  decide: (credit, { id: _, ...wish }, { actor, today, id }) => requestRaise(credit, { ...wish, raiseId: id('raise') }, actor.id, today),
});

export const approveCreditRaise = command({
  ...onCredit,
  type: 'ApproveCreditRaise',
  summary: 'Grants the raise that was asked for; refused as SelfApproval to whoever asked.',
  route: 'POST /accounts/:id/credit-raise/approve',
  permission: 'sales:credit',
  input: z.strictObject({ id: Id }),
  decide: (credit, _, { actor }) => approveRaise(credit, actor.id),
});

export const endCreditRaise = command({
  ...onCredit,
  type: 'EndCreditRaise',
  summary: 'Ends a raise before its time, or refuses the one that is asked for.',
  route: 'POST /accounts/:id/credit-raise/end',
  permission: 'sales:credit',
  input: z.strictObject({ id: Id, reason: Reason, raiseId: Id.optional() }),
  decide: endRaise,
});
