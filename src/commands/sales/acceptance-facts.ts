import type { AcceptanceFacts } from '../../domain/sales/discount-limit.ts';
import type { Ask, FactsContext } from '../../kernel/command.ts';
import { type Decimal, millionths } from '../../kernel/decimal.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { findPerson } from '../../projections/platform/users.ts';

/** How much discount the caller may give: as much as the most generous of their roles, or as everybody where none says anything. */
export async function acceptanceFacts(ask: Ask, { actor }: Pick<FactsContext, 'actor'>): Promise<AcceptanceFacts> {
  const { discountLimitPercent, discountLimitPercentByRole } = await ask(companySettings, {});
  const { person } = await ask(findPerson, { id: actor.id });
  const limits = (person?.roles ?? []).flatMap(role => discountLimitPercentByRole[role] ?? []);
  return { discountLimit: limits.length === 0 ? discountLimitPercent : limits.reduce(higher) };
}

const higher = (one: Decimal, other: Decimal): Decimal => (millionths(one) < millionths(other) ? other : one);
