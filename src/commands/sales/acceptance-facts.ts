import type { AcceptanceFacts } from '../../domain/sales/discount-limit.ts';
import type { Order } from '../../domain/sales/sales-order.ts';
import type { Ask, FactsContext } from '../../kernel/command.ts';
import { type Decimal, millionths } from '../../kernel/decimal.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { findPerson } from '../../projections/platform/users.ts';
import { creditStanding } from '../../projections/sales/credit.ts';

/** How much discount the caller may give: as much as the most generous of their roles, or as everybody where none says anything. */
export async function acceptanceFacts(
  order: Pick<Order, 'accountId'> | undefined,
  ask: Ask,
  { actor, today }: Pick<FactsContext, 'actor' | 'today'>,
): Promise<AcceptanceFacts> {
  const { discountLimitPercent, discountLimitPercentByRole, overdueStopDays } = await ask(companySettings, {});
  const { person } = await ask(findPerson, { id: actor.id });
  const limits = (person?.roles ?? []).flatMap(role => discountLimitPercentByRole[role] ?? []);
  return {
    discountLimit: limits.length === 0 ? discountLimitPercent : limits.reduce(higher),
    client: order === undefined ? null : await ask(creditStanding, { account: order.accountId, on: today }),
    overdueStopDays,
  };
}

const higher = (one: Decimal, other: Decimal): Decimal => (millionths(one) < millionths(other) ? other : one);
