/** The rates of exchange of one day from one source: what was published stands, unless it is corrected with a reason. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { RateQuoted, RateSource } from '../exchange.ts';
import { type Fault, unless } from '../faults.ts';

const table = { day: z.iso.date(), source: RateSource };

/** `to` is the currency of the books; `reason` is why rates were entered by hand. */
export const ExchangeRatesRecorded = event('ExchangeRatesRecorded', {
  ...table,
  to: Currency,
  rates: z.array(RateQuoted),
  reason: z.string().optional(),
});
/** The rate was recorded wrongly; documents that froze it keep it. */
export const ExchangeRateCorrected = event('ExchangeRateCorrected', {
  ...table,
  ...RateQuoted.shape,
  to: Currency,
  was: RateQuoted.omit({ currency: true }),
  reason: z.string(),
});
/** There never was such a rate on this day. */
export const ExchangeRateWithdrawn = event('ExchangeRateWithdrawn', { ...table, currency: Currency, reason: z.string() });

const events = [ExchangeRatesRecorded, ExchangeRateCorrected, ExchangeRateWithdrawn] as const;
type Fact = EventOf<(typeof events)[number]>;

type Quote = Omit<RateQuoted, 'currency'>;

interface Rates {
  readonly to: Currency;
  readonly byCurrency: Readonly<Record<string, Quote>>;
}

const quoted = ({ currency, rate, multiplier }: RateQuoted): Readonly<Record<string, Quote>> => ({ [currency]: { rate, multiplier } });

export const ExchangeRate = decider({
  category: 'exchangeRate',
  stateVersion: 1,
  events,
  initial: (): Rates | undefined => undefined,
  evolve: {
    ExchangeRatesRecorded: (before, { to, rates }): Rates => ({
      to,
      byCurrency: Object.assign({}, before?.byCurrency, ...rates.map(quoted)),
    }),
    ExchangeRateCorrected: (rates, correction) => rates && { ...rates, byCurrency: { ...rates.byCurrency, ...quoted(correction) } },
    ExchangeRateWithdrawn: (rates, { currency }) =>
      rates && { ...rates, byCurrency: Object.fromEntries(Object.entries(rates.byCurrency).filter(([code]) => code !== currency)) },
  },
});

interface Place {
  readonly day: string;
  readonly source: RateSource;
}

/** One stream for each day and source: at most as many rates as there are currencies. */
export const ratesId = ({ day, source }: Place): string => `${day}~${source}`;

/** The National Bank of Romania states every rate in lei. */
const BNR_CURRENCY = 'RON';
const FRIDAY = 5;
const isWeekend = (day: string): boolean => Temporal.PlainDate.from(day).dayOfWeek > FRIDAY;

export interface RateKnowledge {
  /** Currency of the books. */
  readonly companyCurrency: Currency;
}

type Wish = Place & { readonly rates: readonly RateQuoted[]; readonly reason?: string | undefined };

/** Rates that are known already are passed over, so that a day may be sent again, or be added to. */
export function record(known: Rates | undefined, wish: Wish, context: DecisionContext<RateKnowledge>): Decision<Fact> {
  const to = context.facts.companyCurrency;
  const faults = faultsOf(wish, to, context.today);
  if (faults.length > 0) return invalid(faults);
  const before = known?.byCurrency ?? {};
  const other = wish.rates.find(rate => before[rate.currency] !== undefined && !same(before[rate.currency], rate));
  if (other) return conflict(wish, other, before[other.currency] as Quote);
  const fresh = wish.rates.filter(({ currency }) => before[currency] === undefined);
  return fresh.length === 0 ? [] : [ExchangeRatesRecorded({ ...wish, to, rates: fresh })];
}

const same = (a: Quote | undefined, b: Quote): boolean => a?.rate === b.rate && a.multiplier === b.multiplier;

function faultsOf({ day, source, rates, reason }: Wish, to: Currency, today: string): readonly Fault[] {
  const byHand = source === 'manual';
  return [
    ...unless(day <= today, '/day', 'A day to come has no rates yet.'),
    ...unless(byHand || !isWeekend(day), '/day', 'On Saturdays and Sundays the National Bank publishes no rates.'),
    ...unless(byHand || to === BNR_CURRENCY, '/source', `The National Bank states rates in ${BNR_CURRENCY}, the books are in ${to}.`),
    ...unless(byHand === (reason !== undefined), '/reason', 'Rates entered by hand need a reason; published ones have none.'),
    ...rates.flatMap(({ currency }, index) => [
      ...unless(currency !== to, `/rates/${index}/currency`, `${to} is the currency of the books and has no rate.`),
      ...unless(
        rates.findIndex(rate => rate.currency === currency) === index,
        `/rates/${index}/currency`,
        `${currency} is named more than once.`,
      ),
    ]),
  ];
}

const conflict = ({ day, source }: Place, { currency }: RateQuoted, { rate, multiplier }: Quote): Refusal =>
  refuse(
    'ExchangeRateConflict',
    `The rate of ${currency} of ${day} (${source}) is recorded as ${rate} for ${multiplier}; another one is a correction, with its reason.`,
    { currency, rate, multiplier },
  );

type Correction = Omit<DataOf<typeof ExchangeRateCorrected>, 'to' | 'was'>;

export function correct(rates: Rates, wish: Correction): Decision<Fact> {
  const was = rates.byCurrency[wish.currency];
  if (was === undefined) return unknown(wish);
  return same(was, wish) ? [] : [ExchangeRateCorrected({ ...wish, to: rates.to, was })];
}

export function withdraw({ byCurrency }: Rates, wish: DataOf<typeof ExchangeRateWithdrawn>): Decision<Fact> {
  return byCurrency[wish.currency] === undefined ? [] : [ExchangeRateWithdrawn(wish)];
}

const unknown = ({ currency, day, source }: Place & { readonly currency: string }): Refusal =>
  notFound('exchange rate', `${day}~${source}~${currency}`);
