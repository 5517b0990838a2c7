import { z } from 'zod';
import type { FoundPrice, OrderTerms, PlacingFacts, PricingFacts, SoldItem, Wish, WishedLine } from '../../domain/sales/placing.ts';
import type { Ask, FactsContext } from '../../kernel/command.ts';
import { type Refusal, refuse } from '../../kernel/decider.ts';
import type { Currency } from '../../kernel/money.ts';
import { type Quantity, QuantityText, quantityText } from '../../kernel/quantity.ts';
import { leastPricesForOrder } from '../../projections/catalogue/least-prices.ts';
import { pricesForOrder } from '../../projections/catalogue/price-for.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { warehouseKnown } from '../../projections/warehouse/warehouses.ts';
import { accountFor, invoicingFor, itemsOf } from '../knowledge.ts';

type Asked = Pick<Wish, 'accountId' | 'warehouseId' | 'currency' | 'lines'>;

/** All that placing an order must know of other contexts, as of the day of the order. */
export async function placingFacts(
  { accountId, warehouseId, currency, lines }: Asked,
  ask: Ask,
  context: FactsContext,
): Promise<PlacingFacts> {
  const account = (await accountFor(accountId, ask, context)) ?? undefined;
  const id = account?.id ?? accountId;
  const wanted = currency ?? account?.currency;
  return {
    account,
    invoicing: await invoicingFor(id, ask),
    warehouseExists: await ask(warehouseKnown, { id: warehouseId }),
    terms: await orderTerms(ask),
    ...(await pricingFacts({ accountId: id, currency: wanted, lines }, ask, context)),
  };
}

/** Items and prices of the day; without a currency there are no prices. */
export const pricingFacts = async (
  { accountId, currency, lines }: Pick<Asked, 'accountId' | 'currency' | 'lines'>,
  ask: Ask,
  { today }: FactsContext,
): Promise<PricingFacts> => ({
  items: await soldItems(lines, ask, today),
  prices: currency === undefined ? new Map() : await pricesOf(accountId, currency, lines, ask, today),
  leastPrices: currency === undefined ? new Map() : await leastPricesOf(lines, currency, ask, today),
});

export async function orderTerms(ask: Ask): Promise<OrderTerms> {
  const { orderInitialStatus, orderExpiryDays, orderShipPolicy } = await ask(companySettings, {});
  return { initialStatus: orderInitialStatus, expiryDays: orderExpiryDays, shipPolicy: orderShipPolicy };
}

async function soldItems(lines: readonly WishedLine[], ask: Ask, day: string): Promise<ReadonlyMap<string, SoldItem>> {
  const items = await itemsOf(lines, ask);
  return new Map(
    items.map(({ id, sku, name, uom, stocked, taxPercent, discontinuedOn }) => [
      id,
      { sku, name, uom, stocked, taxPercent, discontinued: discontinuedOn !== null && discontinuedOn <= day },
    ]),
  );
}

/** Lines with a price by hand need none. */
async function pricesOf(accountId: string, currency: Currency, lines: readonly WishedLine[], ask: Ask, on: string) {
  const unpriced = lines.filter(line => line.unitPrice === undefined);
  const wishes = unpriced.map(({ itemId, quantity }) => ({ itemId, quantity: quantityText(quantity) }));
  const found = unpriced.length === 0 ? [] : await ask(pricesForOrder, { accountId, currency, on, lines: wishes });
  const prices = new Map<number, FoundPrice>();
  for (const [index, { unitPrice, level, priceListId, explanation, ...rest }] of found.entries()) {
    const line = unpriced[index]?.line;
    if (line !== undefined && unitPrice !== null && level !== null)
      prices.set(line, {
        unitPrice,
        level,
        priceListId: priceListId ?? undefined,
        tried: explanation,
        promoBeatsNegotiated: rest.promoBeatsNegotiated,
        minQuantity: quantityOf(rest.minQuantity),
        orderMultiple: quantityOf(rest.orderMultiple),
      });
  }
  return prices;
}

const quantityOf = (text: string | null): Quantity | undefined => (text === null ? undefined : z.decode(QuantityText, text));

async function leastPricesOf(lines: readonly WishedLine[], currency: Currency, ask: Ask, on: string) {
  const ids = [...new Set(lines.map(({ itemId }) => itemId))];
  const found = await ask(leastPricesForOrder, { ids, currency, on });
  return new Map(found.map(({ itemId, leastPrice, missingRate }) => [itemId, leastPrice ?? unmeasured(itemId, missingRate, on)]));
}

const unmeasured = (itemId: string, currency: string | null, on: string): Refusal =>
  refuse('NoExchangeRate', `The minimum margin cannot be measured: no rate of ${currency} counts on ${on}.`, { itemId, currency, on });
