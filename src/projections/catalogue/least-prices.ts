import { z } from 'zod';
import { leastPrice } from '../../domain/pricing.ts';
import { Day } from '../../domain/vocabulary.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { query } from '../../kernel/query.ts';
import { settingsIn } from '../platform/company-settings.ts';
import { ratesAndSettings, usableRates } from './exchange-rates.ts';
import { IDS_MAX, items } from './items.ts';

interface Costed {
  readonly itemId: string;
  readonly cost: Decimal;
  readonly costCurrency: string;
  readonly minMarginPercent: Decimal;
}

const Least = z.strictObject({
  itemId: z.string(),
  /** Null where a rate is missing to say it in the currency wanted. */
  leastPrice: Decimal.nullable(),
  missingRate: z.string().nullable(),
});

/** Asked by commands that sell; items without a minimum margin are left out. */
export const leastPricesForOrder = query({
  type: 'LeastPricesForOrder',
  summary: 'The least prices that leave items their minimum margin.',
  permission: 'catalogue:read',
  reads: [items, ...ratesAndSettings],
  input: z.strictObject({ ids: z.array(z.string()).max(IDS_MAX), currency: Currency, on: Day }),
  output: z.array(Least),
  answer: async (db, { ids, currency, on }) => {
    const costed = await db.rows<Costed>(
      `select i.id as "itemId", trim_scale(i.standard_cost)::text as cost, i.standard_cost_currency as "costCurrency",
         trim_scale(i.min_margin_percent)::text as "minMarginPercent"
       from items i where i.id = any($1) and i.min_margin_percent is not null`,
      [ids],
    );
    if (costed.length === 0) return [];
    const foreign = costed.map(({ costCurrency }) => costCurrency).filter(code => code !== currency);
    const settings = await settingsIn(db);
    const rates = await usableRates(db, on, foreign.length === 0 ? [] : [...new Set([...foreign, currency])], settings);
    return costed.map(({ itemId, costCurrency, ...costing }) => {
      if (costCurrency === currency) return { itemId, leastPrice: leastPrice(costing), missingRate: null };
      const missing = [costCurrency, currency].find(code => code !== settings.currency && !rates.has(code));
      if (missing !== undefined) return { itemId, leastPrice: null, missingRate: missing };
      const [rateFrom, rateInto] = [rates.get(costCurrency), rates.get(currency)];
      return { itemId, leastPrice: leastPrice({ ...costing, rateFrom, rateInto }), missingRate: null };
    });
  },
});
