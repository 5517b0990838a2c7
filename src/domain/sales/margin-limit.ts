/** What must remain of a price above the cost of the goods; less takes an approval. */
import type { DecisionContext } from '../../kernel/command.ts';
import type { Refusal } from '../../kernel/decider.ts';
import { millionths } from '../../kernel/decimal.ts';
import type { OrderLine } from './sales-order.ts';

type Sold = Pick<OrderLine, 'line' | 'sku' | 'unitPrice' | 'discount' | 'leastPrice'>;

const HUNDRED_PERCENT = 100_000_000n;

const isBelow = ({ unitPrice, discount, leastPrice }: Sold): boolean =>
  leastPrice !== undefined && millionths(unitPrice) * (HUNDRED_PERCENT - millionths(discount)) < millionths(leastPrice) * HUNDRED_PERCENT;

const told = ({ line, sku, unitPrice, discount, leastPrice }: Sold): string =>
  `line ${line}, ${sku} at ${unitPrice}${discount === '0' ? '' : ` less ${discount} %`} where ${leastPrice} is the least`;

/** So many lines are told one by one. */
const TOLD_MAX = 3;

/** The refusal of an order that sells a line below its minimum margin; undefined where it does not, or an approval says so. */
export function belowMinimumMargin(
  { lines, currency }: { readonly lines: readonly Sold[]; readonly currency: string },
  { override }: Pick<DecisionContext, 'override'>,
): Refusal | undefined {
  const below = lines.filter(isBelow);
  if (below.length === 0) return undefined;
  const rest = below.length > TOLD_MAX ? [`${below.length - TOLD_MAX} more lines`] : [];
  return override(
    'belowMinimumMargin',
    `Prices in ${currency} below the minimum margin: ${[...below.slice(0, TOLD_MAX).map(told), ...rest].join('; ')}`,
  );
}
