import { z } from 'zod';
import {
  Account,
  type AccountKnowledge,
  accountKinds,
  activate,
  assign,
  block,
  create,
  createOfLead,
  edit,
  ownCode,
  ownTaxKey,
  standing,
  unblock,
} from '../../domain/crm/account.ts';
import { accountKeys as keysCompared } from '../../domain/crm/party-keys.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Address, Id, Reason, TermDays, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, byOwner, command, type DecisionContext } from '../../kernel/command.ts';
import { Currency, MoneyText } from '../../kernel/money.ts';
import { priceListForPrice } from '../../projections/catalogue/price-lists.ts';
import { keysHeld, lapsing } from '../platform/claim.ts';
import { resembling } from './resembling.ts';
import { Assignment, force, knownOwner, Phone } from './shapes.ts';

/** Where nothing else was agreed. */
const TERM_DAYS_USUAL = 30;

const card = {
  name: Text(200),
  kinds: z.array(z.enum(accountKinds)).min(1).max(accountKinds.length).default(['buyer']),
  code: Text(40).optional(),
  legalName: Text(200).optional(),
  taxId: Text(40).optional(),
  currency: Currency,
  priceListId: Id.optional(),
  paymentTermDays: TermDays.default(TERM_DAYS_USUAL),
  creditLimit: MoneyText.optional(),
  phone: Phone.optional(),
  fax: Phone.optional(),
  website: Text(500).optional(),
  address: Address.optional(),
};

const onAccount = { decider: Account, entityId: byId, relations: byOwner } as const;

/** Code and tax id belong to one account only, however they are written. */
export const accountKeys = keysHeld(Account, account => ({
  accountCode: account && ownCode(account),
  taxId: account && ownTaxKey(account),
}));

const knowledge = async (priceListId: string | null | undefined, ask: Ask) => ({
  priceListKnown: priceListId ? (await ask(priceListForPrice, { id: priceListId })) !== null : undefined,
});

export const createAccount = command({
  type: 'CreateAccount',
  summary:
    'Creates an account; refused as Duplicate when another has its code or tax id. With `force` the tax id may be that of another; what only resembles another becomes a duplicate case.',
  route: 'POST /accounts',
  permission: 'crm:edit',
  decider: Account,
  input: z.strictObject({ ...card, ...force, ownerId: Id.optional() }),
  facts: async (_, wish, ask) => ({
    ...(await knowledge(wish.priceListId, ask)),
    ...(await knownOwner(wish, ask)),
    resembling: await resembling('account', keysCompared(wish), ask),
  }),
  decide: beginning(create),
  holds: accountKeys,
});

/** What a converted lead knows has nothing in it that could be refused. */
export const createAccountFromLead = command({
  type: 'CreateAccountFromLead',
  summary: 'Creates the account of a converted lead; silent when it exists already.',
  permission: 'crm:edit',
  decider: Account,
  entityId: byId,
  parent: ({ leadId }) => ({ category: 'lead', id: leadId }),
  input: z.strictObject({
    id: Id,
    leadId: Id,
    ownerId: Id,
    name: Text(200),
    currency: Currency,
    phone: Phone.optional(),
    individual: z.boolean().optional(),
  }),
  facts: async (_, wish, ask): Promise<AccountKnowledge> => ({
    priceListKnown: undefined,
    resembling: await resembling('account', keysCompared({ ...wish, taxId: undefined, address: undefined }), ask),
  }),
  decide: beginning(({ id: _, ...wish }, context: DecisionContext<AccountKnowledge>) =>
    createOfLead({ ...wish, personId: wish.leadId, kinds: ['buyer'], paymentTermDays: TERM_DAYS_USUAL }, context),
  ),
});

export const editAccount = command({
  ...onAccount,
  type: 'EditAccount',
  summary: 'Changes the fields that are given; null empties one. Refused as Duplicate when another account has the code or tax id.',
  route: 'POST /accounts/:id/edit',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, ...editable(card) }),
  facts: (_, { priceListId }, ask) => knowledge(priceListId, ask),
  decide: standing(edit),
  holds: accountKeys,
});

export const assignAccount = command({
  ...onAccount,
  type: 'AssignAccount',
  summary: 'Gives an account to another owner.',
  route: 'POST /accounts/:id/assign',
  permission: 'crm:assign',
  input: Assignment,
  facts: (_, wish, ask) => knownOwner(wish, ask),
  decide: standing(assign),
});

export const activateAccount = command({
  ...onAccount,
  type: 'ActivateAccount',
  summary: 'Makes a prospect a customer, by the first deal won; silent when it is one already.',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, dealId: Id }),
  decide: existing('account', activate),
});

export const blockAccount = command({
  ...onAccount,
  type: 'BlockAccount',
  summary: 'Stops new sales to an account, with the reason; what is under way goes on.',
  route: 'POST /accounts/:id/block',
  permission: 'crm:block',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: standing(block),
});

export const unblockAccount = command({
  ...onAccount,
  type: 'UnblockAccount',
  summary: 'Admits new sales to a blocked account again.',
  route: 'POST /accounts/:id/unblock',
  permission: 'crm:block',
  input: z.strictObject({ id: Id }),
  decide: standing(unblock),
});

/** For a command on an account that vanished with what it held. */
export const lapseAccountHold = lapsing('LapseAccountHold', Account);
