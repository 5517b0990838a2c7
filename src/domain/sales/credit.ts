/**
 * The credit of an account: what its accepted orders and its unpaid invoices come to, order by order and invoice by invoice.
 * Whether one more order fits is decided here, so that of two orders that fit alone only one gets the last of it.
 */
import { z } from 'zod';
import { type Decision, decider, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { amountText, type Currency, Money, money, sum, zero } from '../../kernel/money.ts';

/** `exposure` is what everything in this currency comes to afterwards. */
const exposed = { exposure: Money };

/** An order that is being accepted takes this much; `overridden` where an approval let it pass the limit. */
export const CreditReserved = event('CreditReserved', {
  orderId: z.string(),
  amount: Money,
  limit: Money.optional(),
  overridden: z.boolean().optional(),
  ...exposed,
});
/** An order takes so much less: what it still took, or what of it was cancelled. */
export const CreditReleased = event('CreditReleased', { orderId: z.string(), amount: Money, ...exposed });
/** An invoice is owed; what its order took is less by it. */
export const ReceivableOpened = event('ReceivableOpened', {
  invoiceId: z.string(),
  orderId: z.string().optional(),
  amount: Money,
  ...exposed,
});
/** `open` is what is still owed of the invoice. */
export const ReceivableChanged = event('ReceivableChanged', { invoiceId: z.string(), open: Money, ...exposed });

const raise = { raiseId: z.string(), amount: Money, until: z.iso.date() };
export const CreditRaiseRequested = event('CreditRaiseRequested', { ...raise, reason: z.string(), requestedBy: z.string() });
/** The limit is higher by `amount` up to the end of the day `until`. */
export const CreditRaised = event('CreditRaised', { ...raise, approvedBy: z.string() });
/** Its last day has passed, somebody ended it, or it was not granted. */
export const CreditRaiseEnded = event('CreditRaiseEnded', { raiseId: z.string(), reason: z.string() });

const events = [
  CreditReserved,
  CreditReleased,
  ReceivableOpened,
  ReceivableChanged,
  CreditRaiseRequested,
  CreditRaised,
  CreditRaiseEnded,
] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

type Amounts = Readonly<Record<string, Money>>;

export interface CreditState {
  /** What accepted orders take that is not invoiced yet. */
  readonly orders: Amounts;
  /** What is open of invoices. */
  readonly invoices: Amounts;
  readonly requested?: DataOf<typeof CreditRaiseRequested> | undefined;
  readonly raise?: DataOf<typeof CreditRaised> | undefined;
}

export const Credit = decider({
  category: 'credit',
  stateVersion: 1,
  events,
  shared: true,
  initial: (): CreditState => ({ orders: {}, invoices: {} }),
  evolve: {
    CreditReserved: (state, { orderId, amount }) => ({ ...state, orders: put(state.orders, orderId, amount) }),
    CreditReleased: (state, { orderId, amount }) => ({ ...state, orders: less(state.orders, orderId, amount) }),
    ReceivableOpened: (state, { invoiceId, orderId, amount }) => ({
      ...state,
      invoices: put(state.invoices, invoiceId, amount),
      orders: orderId === undefined ? state.orders : less(state.orders, orderId, amount),
    }),
    ReceivableChanged: (state, { invoiceId, open }) => ({ ...state, invoices: put(state.invoices, invoiceId, open) }),
    CreditRaiseRequested: (state, requested) => ({ ...state, requested }),
    CreditRaised: (state, raise) => ({ ...state, requested: undefined, raise }),
    CreditRaiseEnded: ({ requested, raise, ...state }, { raiseId }) => ({
      ...state,
      ...(requested && requested.raiseId !== raiseId ? { requested } : {}),
      ...(raise && raise.raiseId !== raiseId ? { raise } : {}),
    }),
  },
});

/** What comes to nothing is left out. */
function put(amounts: Amounts, key: string, amount: Money): Amounts {
  const { [key]: _, ...others } = amounts;
  return amount.minor > 0 ? { ...others, [key]: amount } : others;
}

/** An invoice may come to more than is left of its order, by a rounding. */
const less = (amounts: Amounts, key: string, { minor, currency }: Money): Amounts =>
  put(amounts, key, money(Math.max(0, (amounts[key]?.minor ?? 0) - minor), currency));

/** All that orders and invoices in a currency come to. */
export const exposureOf = ({ orders, invoices }: CreditState, currency: Currency): Money =>
  sum(
    [...Object.values(orders), ...Object.values(invoices)].filter(amount => amount.currency === currency),
    currency,
  );

const raisedBy = ({ raise }: CreditState, { currency }: Money, today: string): number =>
  raise !== undefined && raise.until >= today && raise.amount.currency === currency ? raise.amount.minor : 0;

/** Orders and invoices that an account has open at once; the state stays under 64 kB. */
export const OPEN_MAX = 600;

interface Reservation {
  readonly orderId: string;
  readonly amount: Money;
  /** None where the account may owe without limit, or its limit is in another currency. */
  readonly limit?: Money | undefined;
  readonly overridden?: boolean | undefined;
}

export function reserveCredit(state: CreditState, wish: Reservation, { today }: { readonly today: string }): Outcome {
  const { orderId, amount, limit, overridden = false } = wish;
  if (state.orders[orderId] !== undefined) return [];
  if (Object.keys(state.orders).length + Object.keys(state.invoices).length >= OPEN_MAX) return crowded();
  const before = exposureOf(state, amount.currency);
  const exposure = money(before.minor + amount.minor, amount.currency);
  if (limit !== undefined && !overridden && exposure.minor > limit.minor + raisedBy(state, limit, today))
    return beyondLimit(before, amount, money(limit.minor + raisedBy(state, limit, today), limit.currency));
  return [CreditReserved({ orderId, amount, limit, ...(overridden ? { overridden } : {}), exposure })];
}

/** The refusal of an order that would make an account owe more than it may. */
export const beyondLimit = (exposure: Money, amount: Money, limit: Money): Refusal =>
  refuse(
    'CreditLimitExceeded',
    `${amountText(exposure)} ${limit.currency} are owed or on order already; with ${amountText(amount)} more that is beyond the limit of ${amountText(limit)}. A payment, a temporary raise of the limit or an approval lets the order pass.`,
    { exposure: amountText(exposure), wanted: amountText(amount), limit: amountText(limit), currency: limit.currency },
  );

const crowded = (): Refusal =>
  refuse('TooManyOpenDocuments', `${OPEN_MAX} orders and invoices of this account are open: as many as its credit keeps.`);

/** `amount` absent: all that the order still takes. */
export function releaseCredit(
  state: CreditState,
  { orderId, amount }: { readonly orderId: string; readonly amount?: Money | undefined },
): Outcome {
  const taken = state.orders[orderId];
  if (taken === undefined) return [];
  const back = money(Math.min(taken.minor, amount?.minor ?? taken.minor), taken.currency);
  if (back.minor === 0) return [];
  return [CreditReleased({ orderId, amount: back, exposure: after({ ...state, orders: less(state.orders, orderId, back) }, back) })];
}

const after = (state: CreditState, { currency }: Money): Money => exposureOf(state, currency);

type Receivable = Pick<DataOf<typeof ReceivableOpened>, 'invoiceId' | 'orderId' | 'amount'>;

export function openReceivable(state: CreditState, wish: Receivable): Outcome {
  if (state.invoices[wish.invoiceId] !== undefined) return [];
  const { invoiceId, orderId, amount } = wish;
  const orders = orderId === undefined ? state.orders : less(state.orders, orderId, amount);
  return [ReceivableOpened({ ...wish, exposure: after({ orders, invoices: put(state.invoices, invoiceId, amount) }, amount) })];
}

export function changeReceivable(state: CreditState, { invoiceId, open }: { readonly invoiceId: string; readonly open: Money }): Outcome {
  if ((state.invoices[invoiceId] ?? zero(open.currency)).minor === open.minor) return [];
  return [ReceivableChanged({ invoiceId, open, exposure: after({ ...state, invoices: put(state.invoices, invoiceId, open) }, open) })];
}

type RaiseWish = Omit<DataOf<typeof CreditRaiseRequested>, 'requestedBy'>;

export function requestRaise(state: CreditState, wish: RaiseWish, requestedBy: string, today: string): Outcome {
  if (wish.until < today) return invalid([{ pointer: '/until', detail: 'A raise that has ended already helps nobody.' }]);
  if (wish.amount.minor <= 0) return invalid([{ pointer: '/amount', detail: 'A raise is more than zero.' }]);
  if (state.requested !== undefined) return refuse('Duplicate', 'A raise is asked for already.', { existingId: state.requested.raiseId });
  return [CreditRaiseRequested({ ...wish, requestedBy })];
}

/** Who asked for it does not grant it. */
export function approveRaise({ requested, raise }: CreditState, approvedBy: string): Outcome {
  if (requested === undefined) return raise === undefined ? refuse('NothingRequested', 'Nobody has asked for a raise.') : [];
  if (requested.requestedBy === approvedBy) return refuse('SelfApproval', 'Who asked for a raise of the limit does not grant it.');
  const { raiseId, amount, until } = requested;
  return [CreditRaised({ raiseId, amount, until, approvedBy })];
}

/** Ends the raise that holds, or refuses the one that is asked for. */
export function endRaise(
  { requested, raise }: CreditState,
  { reason, raiseId }: { readonly reason: string; readonly raiseId?: string | undefined },
): Outcome {
  const ended = requested ?? raise;
  return ended === undefined || (raiseId !== undefined && ended.raiseId !== raiseId)
    ? []
    : [CreditRaiseEnded({ raiseId: ended.raiseId, reason })];
}
