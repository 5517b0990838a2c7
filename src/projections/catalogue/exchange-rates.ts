import { z } from 'zod';
import { ExchangeRate } from '../../domain/catalogue/exchange-rate.ts';
import { RateFound, type RateFrozen } from '../../domain/exchange.ts';
import type { CompanySettings } from '../../domain/platform/company-settings.ts';
import { Day } from '../../domain/vocabulary.ts';
import { field } from '../../kernel/field.ts';
import { byDay, listing } from '../../kernel/listing.ts';
import { Currency } from '../../kernel/money.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { query, type ReadDatabase } from '../../kernel/query.ts';
import { day, decimal, instant, integer, nullable, table, text } from '../../kernel/table.ts';
import { companySettingsView, settingsIn } from '../platform/company-settings.ts';

/** One row for each day, source and currency. */
export const exchangeRates = projection({
  name: 'exchange-rates',
  version: 1,
  versioned: true,
  dated: 'day',
  table: table(
    'exchange_rates',
    'Rates of exchange to the currency of the books, day by day',
    {
      day: day('Day the rate was published, or was entered for'),
      source: text('bnr: the National Bank of Romania; manual: by hand'),
      currency: text('ISO 4217 code'),
      to_currency: text('ISO 4217 code of the currency of the books'),
      rate: decimal('Units of the currency of the books for so many units as the multiplier says'),
      multiplier: integer('How many units of the currency the rate is for'),
      reason: nullable(text('Why it was entered by hand or corrected')),
      recorded_by: text('Who recorded or corrected it'),
      recorded_at: instant('When it was recorded or corrected'),
    },
    { key: 'Day, source and currency, joined by ~', indexes: ['currency, to_currency, day', 'day'] },
  ),
  events: ExchangeRate.events,
  keys: {
    ExchangeRatesRecorded: ({ rates }, meta) => rates.map(rate => keyOf(rate, meta)),
    ExchangeRateCorrected: (correction, meta) => [keyOf(correction, meta)],
    ExchangeRateWithdrawn: (withdrawal, meta) => [keyOf(withdrawal, meta)],
  },
  on: {
    ExchangeRatesRecorded: (_, { rates, ...of }, key, meta) => {
      const rate = rates.find(entry => keyOf(entry, meta) === key);
      return rate && recorded({ ...of, ...rate }, meta);
    },
    ExchangeRateCorrected: (_, correction, _key, meta) => recorded(correction, meta),
    ExchangeRateWithdrawn: () => null,
  },
});

const keyOf = ({ currency }: { readonly currency: string }, { entityId }: ViewMeta): string => `${entityId}~${currency}`;

const recorded = (
  { day: of, source, currency, to, rate, multiplier, reason }: RateFrozen & { readonly reason?: string | undefined },
  meta: ViewMeta,
) => ({
  day: of,
  source,
  currency,
  to_currency: to,
  rate,
  multiplier,
  reason: reason ?? null,
  recorded_by: meta.actor.id,
  recorded_at: meta.occurredAt,
});

export const listExchangeRates = listing({
  type: 'ListExchangeRates',
  summary: 'Rates of exchange, the newest day first.',
  route: 'GET /exchange-rates',
  permission: 'catalogue:read',
  reads: [exchangeRates],
  ledger: true,
  from: 'exchange_rates r',
  key: 'r.id',
  fields: {
    id: field.text('r.id'),
    day: field.day('r.day'),
    source: field.text('r.source'),
    currency: field.text('r.currency'),
    to: field.text('r.to_currency'),
    rate: field.decimal('r.rate'),
    multiplier: field.integer('r.multiplier'),
    reason: field.maybe(field.text('r.reason')),
    recordedBy: field.text('r.recorded_by'),
    recordedAt: field.instant('r.recorded_at'),
  },
  filters: {
    currency: 'r.currency = ?',
    source: 'r.source = ?',
    day: byDay('r.day = ?::date'),
    from: byDay('r.day >= ?::date'),
    until: byDay('r.day <= ?::date'),
  },
  sorts: { day: { sql: 'r.day', descending: true }, currency: { sql: 'r.currency' } },
  usual: 'day',
});

/** The rate of each currency on the newest day before the document that has one; of two of one day that entered by hand counts. */
const newestRates = (db: ReadDatabase, on: string, to: string, currencies: readonly string[]): Promise<RateFrozen[]> =>
  db.rows<RateFrozen>(
    `select r.currency, r.to_currency as "to", trim_scale(r.rate)::text as rate, r.multiplier, r.day, r.source
     from unnest($3::text[]) as wanted (code) cross join lateral (
       select * from exchange_rates e where e.currency = wanted.code and e.to_currency = $2 and e.day < $1::date
       order by e.day desc, e.source = 'manual' desc limit 1) r`,
    [on, to, currencies],
  );

type RateSettings = Pick<CompanySettings, 'currency' | 'exchangeRateDaysMax'>;

/** The rates for documents of a day, by currency, for queries that convert; those without one that counts are left out. */
export async function usableRates(
  db: ReadDatabase,
  on: string,
  currencies: readonly string[],
  { currency: to, exchangeRateDaysMax }: RateSettings,
): Promise<ReadonlyMap<string, RateFrozen>> {
  const rates = currencies.length === 0 ? [] : await newestRates(db, on, to, currencies);
  return new Map(rates.filter(rate => ageOf(rate, on) <= exchangeRateDaysMax).map(rate => [rate.currency, rate]));
}

/** Days that a rate is older than the document. */
const ageOf = ({ day: of }: RateFrozen, on: string): number => Temporal.PlainDate.from(of).until(on).days;

export const ratesAndSettings = [exchangeRates, companySettingsView] as const;

/** Asked by commands whose documents are in another currency than the books. */
export const exchangeRateFor = query({
  type: 'ExchangeRateFor',
  summary: 'The rate for a document of a day: of the newest day before it that has one, and how old that is.',
  route: 'GET /exchange-rates/for',
  permission: 'catalogue:read',
  reads: ratesAndSettings,
  input: z.strictObject({ currency: Currency, on: Day }),
  output: RateFound,
  answer: async (db, { currency, on }) => {
    const { currency: to, exchangeRateDaysMax } = await settingsIn(db);
    const [rate] = await newestRates(db, on, to, [currency]);
    const ageDays = rate === undefined ? null : ageOf(rate, on);
    return { currency, to, on, rate: rate ?? null, ageDays, usable: ageDays !== null && ageDays <= exchangeRateDaysMax };
  },
});
