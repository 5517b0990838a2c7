/** The discount that may be given without asking; more takes an approval. */
import type { DecisionContext } from '../../kernel/command.ts';
import type { Refusal } from '../../kernel/decider.ts';
import { type Decimal, millionths } from '../../kernel/decimal.ts';
import type { ClientStanding } from './acceptance.ts';
import type { OrderLine } from './sales-order.ts';

/** `discountLimit` is of the person who accepts, in percent. */
export interface AcceptanceFacts {
  readonly discountLimit: Decimal;
  /** Null where there is no such account any more. */
  readonly client: ClientStanding | null;
  /** Null: however long. */
  readonly overdueStopDays: number | null;
}

/** The refusal of an order that gives more on a line than this person may; undefined where it does not, or an approval says so. */
export function overDiscountLimit(
  { lines }: { readonly lines: readonly Pick<OrderLine, 'discount'>[] },
  { facts, override }: DecisionContext<AcceptanceFacts>,
): Refusal | undefined {
  const highest = lines.map(({ discount }) => discount).reduce(higher, '0');
  if (highest === '0' || millionths(highest) <= millionths(facts.discountLimit)) return undefined;
  return override('discountOverLimit', `A discount of ${highest} % where ${facts.discountLimit} % is the limit`);
}

const higher = (one: string, other: string): string => (millionths(one) < millionths(other) ? other : one);
