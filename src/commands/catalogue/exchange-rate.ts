import { z } from 'zod';
import { correct, ExchangeRate, ratesId, record, withdraw } from '../../domain/catalogue/exchange-rate.ts';
import { RateSource } from '../../domain/exchange.ts';
import { existing } from '../../domain/records.ts';
import { Day, Reason } from '../../domain/vocabulary.ts';
import { command } from '../../kernel/command.ts';
import { RateText } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';

/** More than there are currencies that any bank quotes. */
const RATES_MAX = 200;
const MULTIPLIER_MAX = 10_000;

/** As published: for 1 unit, or for 100 as the National Bank does for HUF, JPY and KRW. */
const quote = { rate: RateText, multiplier: z.int().min(1).max(MULTIPLIER_MAX).default(1) };
const day = { day: Day, source: RateSource };

const onRates = { permission: 'catalogue:rates', decider: ExchangeRate, entityId: ratesId } as const;

export const recordExchangeRates = command({
  ...onRates,
  type: 'RecordExchangeRates',
  summary:
    'Records the rates of a day to the currency of the books; those known already are passed over, another rate for one is refused as ExchangeRateConflict.',
  route: 'POST /exchange-rates',
  input: z.strictObject({
    ...day,
    rates: z
      .array(z.strictObject({ currency: Currency, ...quote }))
      .min(1)
      .max(RATES_MAX),
    reason: Reason.optional(),
  }),
  facts: async (_, __, ask) => ({ companyCurrency: (await ask(companySettings, {})).currency }),
  decide: record,
});

const one = { ...day, currency: Currency, reason: Reason };

export const correctExchangeRate = command({
  ...onRates,
  type: 'CorrectExchangeRate',
  summary: 'Puts a rate right that was recorded wrongly; documents that froze it keep it.',
  route: 'POST /exchange-rates/:day/:source/:currency/correct',
  input: z.strictObject({ ...one, ...quote }),
  decide: existing('exchange rate', correct),
});

export const withdrawExchangeRate = command({
  ...onRates,
  type: 'WithdrawExchangeRate',
  summary: 'Takes back a rate that was recorded for a day it is not of; documents that froze it keep it.',
  route: 'POST /exchange-rates/:day/:source/:currency/withdraw',
  input: z.strictObject(one),
  decide: existing('exchange rate', withdraw),
});
