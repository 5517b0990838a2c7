/** Placing an order: who buys, what, at which price. All that is refused about an order is refused here. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import type { Decimal } from '../../kernel/decimal.ts';
import type { Currency } from '../../kernel/money.ts';
import type { Quantity } from '../../kernel/quantity.ts';
import { type DocumentLine, isTooLarge, priced } from '../document.ts';
import { type Fault, unless } from '../faults.ts';
import { type InvoiceMode, type InvoicingTerms, modeOf } from '../invoicing.ts';
import { type QuantityTerms, quantityRefusal } from '../order-quantity.ts';
import type { Explanation } from '../pricing.ts';
import { reckoned } from '../reckoning.ts';
import { type OrderFact, type Placed, SalesOrderPlaced, SalesOrderSent, type ShipPolicy } from './sales-order.ts';

const PRICE_BY_HAND = 'sales:price-by-hand';
const ASSIGN = 'sales:assign';

export interface WishedLine {
  readonly line: number;
  readonly itemId: string;
  readonly quantity: Quantity;
  /** A price by hand instead of the lists' price; then with a reason. */
  readonly unitPrice?: Decimal | undefined;
  readonly priceReason?: string | undefined;
  /** Percentage. */
  readonly discount: Decimal;
}

/** What the client says of an order; everything else about it is worked out. */
export type Wish = Pick<Placed, 'accountId' | 'warehouseId' | 'dealId' | 'channel' | 'reference' | 'requiredOn' | 'shipTo' | 'shipVia'> & {
  readonly ownerId?: string | undefined;
  readonly currency?: Currency | undefined;
  readonly paymentTermDays?: number | undefined;
  readonly shipPolicy?: ShipPolicy | undefined;
  readonly invoiceMode?: InvoiceMode | undefined;
  readonly lines: readonly WishedLine[];
};

export interface Buyer {
  /** The account that was named, or the one it was merged into. */
  readonly id: string;
  readonly name: string;
  readonly blocked: boolean;
  readonly currency: Currency;
  readonly paymentTermDays: number;
}

export interface SoldItem {
  readonly sku: string;
  readonly name: string;
  readonly uom: string;
  readonly stocked: boolean;
  readonly discontinued: boolean;
  /** Percentage. */
  readonly taxPercent: Decimal;
}

/** A price with all levels tried for it, and the quantities it may be had in. */
export interface FoundPrice extends Explanation, QuantityTerms {
  readonly unitPrice: Decimal;
  readonly level: number;
  readonly priceListId?: string | undefined;
}

/** What must be known to price lines. */
export interface PricingFacts {
  /** By item. */
  readonly items: ReadonlyMap<string, SoldItem>;
  /** By line, for lines whose price comes from the lists. */
  readonly prices: ReadonlyMap<number, FoundPrice>;
  /** By item with a minimum margin: the least price that leaves it, or why that cannot be said. */
  readonly leastPrices: ReadonlyMap<string, Decimal | Refusal>;
}

/** How the company takes orders. */
export interface OrderTerms {
  /** `Sent` where orders need no review before the client has them. */
  readonly initialStatus: 'Draft' | 'Sent';
  /** Days an order stands open unless it is accepted. */
  readonly expiryDays: number;
  readonly shipPolicy: ShipPolicy;
}

/** What must be known of other contexts; undefined where there is no such thing. */
export interface PlacingFacts extends PricingFacts {
  readonly account: Buyer | undefined;
  /** How the account is invoiced, and how its documents are worked out. */
  readonly invoicing: InvoicingTerms;
  readonly warehouseExists: boolean;
  readonly terms: OrderTerms;
}

export function place(wish: Wish, { actor, facts, may, today }: DecisionContext<PlacingFacts>): Decision<OrderFact> {
  const { account } = facts;
  const faults = faultsOf(wish, facts, today);
  if (account === undefined || faults.length > 0) return invalid(faults);
  if (account.blocked) return refuse('AccountBlocked', `${account.name} is blocked and cannot order.`, { accountId: wish.accountId });
  const ownerId = wish.ownerId ?? actor.id;
  if (ownerId !== actor.id && !may(ASSIGN)) return notYours();
  const currency = wish.currency ?? account.currency;
  const { termEndOfMonth, reckoning, ...usual } = facts.invoicing;
  const invoiceMode = modeOf(wish.invoiceMode, usual.invoiceMode);
  if (isRefusal(invoiceMode)) return invoiceMode;
  const lines = pricedLines(wish.lines, { currency, facts, may });
  if (isRefusal(lines)) return lines;
  const { initialStatus, expiryDays, shipPolicy } = facts.terms;
  return [
    SalesOrderPlaced({
      ...wish,
      accountId: account.id,
      ownerId,
      placedBy: actor.id,
      orderedOn: today,
      expiresOn: Temporal.PlainDate.from(today).add({ days: expiryDays }).toString(),
      shipPolicy: wish.shipPolicy ?? shipPolicy,
      paymentTermDays: wish.paymentTermDays ?? account.paymentTermDays,
      termEndOfMonth,
      invoiceMode,
      currency,
      ...reckoned(lines, currency, { ...reckoning, pricesIncludeTax: false }),
    }),
    ...(initialStatus === 'Sent' ? [SalesOrderSent({})] : []),
  ];
}

const notYours = (): Refusal => refuse('AssignmentNotPermitted', `An order for somebody else to answer for takes the right ${ASSIGN}.`);

/** What the input names that there is not, and what contradicts itself. */
const faultsOf = ({ accountId, warehouseId, requiredOn, lines }: Wish, facts: PlacingFacts, today: string): readonly Fault[] => [
  ...unless(facts.account !== undefined, '/accountId', `There is no account ${accountId}.`),
  ...unless(facts.warehouseExists, '/warehouseId', `There is no warehouse ${warehouseId}.`),
  ...unless(requiredOn === undefined || requiredOn >= today, '/requiredOn', 'Goods cannot be required before the day of the order.'),
  ...faultsOfLines(lines, facts),
];

type NamedLine = Pick<WishedLine, 'itemId' | 'unitPrice' | 'priceReason'>;

export const faultsOfLines = (lines: readonly NamedLine[], { items }: PricingFacts): readonly Fault[] =>
  lines.flatMap(({ itemId, unitPrice, priceReason }, index) => [
    ...unless(items.has(itemId), `/lines/${index}/itemId`, `There is no item ${itemId}.`),
    ...unless(
      (unitPrice === undefined) === (priceReason === undefined),
      `/lines/${index}/priceReason`,
      'A price by hand and its reason come together.',
    ),
  ]);

interface Terms {
  readonly currency: Currency;
  readonly facts: PricingFacts;
  readonly may: DecisionContext['may'];
}

/** All lines with their prices, or the refusal of the first that cannot be sold. */
export function pricedLines(wishes: readonly WishedLine[], terms: Terms): DocumentLine[] | Refusal {
  const lines = wishes.map(wish => lineOf(wish, terms));
  return lines.find(isRefusal) ?? lines.filter((line): line is DocumentLine => !isRefusal(line));
}

function lineOf(wish: WishedLine, terms: Terms): DocumentLine | Refusal {
  const { line, itemId, quantity, discount } = wish;
  const { discontinued, name: description, ...item } = terms.facts.items.get(itemId) as SoldItem;
  if (discontinued) return refuse('ItemNotAvailable', `${item.sku} is no longer sold.`, { line, itemId });
  const price = priceOf(wish, item, terms);
  if (isRefusal(price)) return price;
  const leastPrice = terms.facts.leastPrices.get(itemId);
  if (isRefusal(leastPrice)) return leastPrice;
  const unpriced = { line, itemId, ...item, description, quantity, discount, ...price, price: { ...price.price, leastPrice } };
  if (isTooLarge(unpriced, terms.currency))
    return refuse('AmountTooLarge', `Line ${line} is worth more than a document can sum up.`, { line });
  return priced(unpriced, terms.currency);
}

type Price = Pick<DocumentLine, 'unitPrice' | 'price'>;

function priceOf(
  { line, itemId, quantity, unitPrice, priceReason }: WishedLine,
  { sku, uom }: Pick<SoldItem, 'sku' | 'uom'>,
  { currency, facts, may }: Terms,
): Price | Refusal {
  if (unitPrice === undefined) {
    const found = facts.prices.get(line);
    if (found === undefined) return refuse('NoPrice', `${sku} has no price in ${currency}.`, { line, itemId });
    const fault = quantityRefusal(sku, uom, quantity, found);
    return fault ? { ...fault, details: { line, itemId, ...fault.details } } : listed(found);
  }
  if (!may(PRICE_BY_HAND))
    return refuse('OverrideRequired', `Line ${line} states a price by hand, which takes the right ${PRICE_BY_HAND}.`, { line });
  return { unitPrice, price: { level: 0, source: 'hand', reason: priceReason } };
}

function listed({ unitPrice, level, priceListId, tried, promoBeatsNegotiated }: FoundPrice): Price {
  const source = priceListId === undefined ? 'standard' : 'list';
  return { unitPrice, price: { level, source, priceListId, tried: [...tried], promoBeatsNegotiated } };
}
