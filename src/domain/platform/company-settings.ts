/** How this company works, as far as it may choose: one record for the whole house, each setting with a default that holds until somebody says otherwise. */
import { z } from 'zod';
import { type Decision, decider, refuse } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { Reckoning, USUAL } from '../document.ts';
import { InvoiceMode } from '../invoicing.ts';
import { Party } from '../party.ts';

/** Plain shapes, as facts keep them; what a value must be beyond that is asked of the command's input. */
const settings = {
  /** ISO 4217: the currency of the books and of the value of stock. */
  currency: Currency,
  /** How stock cells value their goods, from their first goods on and for good: first in, first out, or at the moving average. */
  stockValuation: z.enum(['fifo', 'average']),
  /** Whether who drafted a stock document may approve it, and stock may be received and adjusted in one step. */
  stockSelfApproval: z.boolean(),
  /** Value from which on an adjustment of stock needs the approval of two, in minor units of the currency; null: none does. */
  adjustmentSecondApprovalFrom: z.int().nullable(),
  /** Whether a transfer between warehouses arrives at once, or is on its way until it is received there. */
  transferSteps: z.enum(['one', 'two']),
  /** When orders are invoiced, unless an account says otherwise. */
  invoiceMode: InvoiceMode,
  /** Whether terms of payment run on to the end of their month, unless an account says otherwise. */
  termEndOfMonth: z.boolean(),
  /** Whether tax is rounded once a rate or once a line (EN 16931 wants the former), and whether prices on invoices by hand include it. */
  ...Reckoning.shape,
  /** Who sells, as invoices name it from now on. */
  seller: Party.nullable(),
  /** Whether an invoice in another currency than the books is refused when there is no rate for its day. */
  rateRequired: z.boolean(),
  /** Whether what is paid beyond an invoice becomes the client's credit; refused otherwise. */
  overpaymentToCredit: z.boolean(),
  /** Whether a deal is won by itself once all invoices of its order are paid. */
  winOnPayment: z.boolean(),
  /** A rate of exchange more days older than its document than this counts no longer: holidays pass, a feed that stopped is noticed. */
  exchangeRateDaysMax: z.int(),
  /** What a new order is: a Draft for us to review, or Sent to the client at once. */
  orderInitialStatus: z.enum(['Draft', 'Sent']),
  /** Days an order stands open; then it expires. */
  orderExpiryDays: z.int(),
  /** Whether orders that say nothing about it go out in parts, or complete. */
  orderShipPolicy: z.enum(['shipPartial', 'shipComplete']),
  /** Accounts with an invoice overdue for more days than these have no order accepted; null: however long. */
  overdueStopDays: z.int().nullable(),
  /** Hours in which an approval is to be decided before it is told to more people. */
  approvalHours: z.int(),
  /** Percentage: the most anybody may take off a line of an order without an approval. */
  discountLimitPercent: Decimal,
  /** The same for who bears a role, by its code; of several the highest, instead of the limit of everybody. */
  discountLimitPercentByRole: z.record(z.string(), Decimal),
  /** Whether a promotion goes before a dearer price agreed with the client or their group. */
  promoBeatsNegotiated: z.boolean(),
  /** Whether of groups of one priority the cheapest list counts, and not the one that comes first by its id. */
  lowestOfTiedGroups: z.boolean(),
  /** Whether lists in another currency than the client's count, at the rate of the day. */
  convertListCurrencies: z.boolean(),
  /** Digits of the country's calling code (ITU-T E.164), for telephone numbers that do not say theirs. */
  callingCode: z.string(),
};

export const CompanySettings = z.strictObject(settings);
export type CompanySettings = z.output<typeof CompanySettings>;

/** Some of the settings, as they were said. */
export const SaidSettings = CompanySettings.partial();
export type SaidSettings = z.output<typeof SaidSettings>;

export const COMPANY_DEFAULTS: CompanySettings = {
  currency: Currency.parse('RON'),
  stockValuation: 'fifo',
  stockSelfApproval: true,
  adjustmentSecondApprovalFrom: null,
  transferSteps: 'one',
  invoiceMode: 'atShipping',
  termEndOfMonth: false,
  ...USUAL,
  seller: null,
  rateRequired: false,
  overpaymentToCredit: false,
  winOnPayment: true,
  exchangeRateDaysMax: 10,
  orderInitialStatus: 'Draft',
  orderExpiryDays: 14,
  orderShipPolicy: 'shipComplete',
  overdueStopDays: null,
  approvalHours: 24,
  discountLimitPercent: Decimal.parse('100'),
  discountLimitPercentByRole: {},
  promoBeatsNegotiated: false,
  lowestOfTiedGroups: false,
  convertListCurrencies: false,
  callingCode: '40',
};

/** The settings that changed, with their new values; `reason` where one was given. */
export const CompanySettingsChanged = event('CompanySettingsChanged', {
  settings: SaidSettings,
  reason: z.string().optional(),
});

const events = [CompanySettingsChanged] as const;
type Fact = EventOf<(typeof events)[number]>;

export const CompanySettingsStream = decider({
  category: 'companySettings',
  stateVersion: 1,
  events,
  initial: (): SaidSettings => ({}),
  evolve: { CompanySettingsChanged: (said, { settings }) => ({ ...said, ...settings }) },
});

/** The whole of the settings, from those that were ever said. */
export const settled = (said: SaidSettings): CompanySettings => CompanySettings.parse({ ...COMPANY_DEFAULTS, ...said });

type Wish = SaidSettings & { readonly reason?: string | undefined };

export interface SettingsFacts {
  /** Whether anything is kept in the currency of the books already. */
  readonly inUse: boolean;
}

/** What stands already is no change. The currency of the books stays once something is kept in it. */
export function change(said: SaidSettings, { reason, ...wish }: Wish, { inUse }: SettingsFacts): Decision<Fact> {
  const now = settled(said);
  const changed = Object.entries(wish).filter(([name, value]) => value !== undefined && !same(now[name as keyof CompanySettings], value));
  if (changed.length === 0) return [];
  if (inUse && changed.some(([name]) => name === 'currency'))
    return refuse('CurrencyInUse', `The books are kept in ${now.currency} already, so their currency stays.`, { currency: now.currency });
  return [CompanySettingsChanged({ settings: Object.fromEntries(changed), reason })];
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
