/** Whether an order may be accepted as far as its client is concerned: not blocked, not overdue for too long, within its limit. */
import type { DecisionContext } from '../../kernel/command.ts';
import { isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import { amountText, type Currency, type Money, money } from '../../kernel/money.ts';
import { beyondLimit } from './credit.ts';
import type { AcceptanceFacts } from './discount-limit.ts';
import type { Order } from './sales-order.ts';

/** How a client stands, in minor units of its currency. */
export interface ClientStanding {
  readonly name: string;
  readonly blocked: boolean;
  readonly currency: Currency;
  readonly limit: number | null;
  readonly exposure: number;
  readonly raised: number;
  readonly overdueDays: number | null;
}

/** What an accepted order takes of its client's credit. */
export interface CreditTaken {
  readonly amount: Money;
  readonly limit?: Money | undefined;
  readonly overridden?: boolean | undefined;
}

/** What an order takes of the credit of its client, or why it may not. What is known here advises; the credit itself decides. */
export function creditFor(order: Order, context: DecisionContext<AcceptanceFacts>): CreditTaken | Refusal {
  const { client, overdueStopDays } = context.facts;
  const amount = order.payable;
  if (client === null) return { amount };
  if (client.blocked) return refuse('AccountBlocked', `${client.name} is blocked; nothing new is sold to it.`);
  if (overdueStopDays !== null && (client.overdueDays ?? 0) > overdueStopDays) return onStop(client, overdueStopDays);
  if (client.limit === null || client.currency !== amount.currency) return { amount };
  const limit = money(client.limit, client.currency);
  if (client.exposure + amount.minor <= client.limit + client.raised) return { amount, limit };
  const refusal = context.override(
    'creditLimit',
    `Credit for ${amountText(amount)} ${amount.currency} beyond the limit of ${amountText(limit)} ${limit.currency}`,
  );
  if (!isRefusal(refusal)) return { amount, limit, overridden: true };
  const { refused, because, details } = beyondLimit(
    money(client.exposure, client.currency),
    amount,
    money(client.limit + client.raised, client.currency),
  );
  return refuse(refused, because, { ...details, ...refusal.details });
}

const onStop = ({ name, overdueDays }: ClientStanding, stopDays: number): Refusal =>
  refuse('ClientOnStop', `${name} has an invoice overdue for ${overdueDays} days; beyond ${stopDays} days no order is accepted.`, {
    overdueDays,
  });
