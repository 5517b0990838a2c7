/** How values look: by the person's language, in the company's own numbers. */
import i18n from 'i18next';
import type { Money } from '../api/shapes.ts';

const locale = (): string => (i18n.language === 'ro' ? 'ro-RO' : 'en-GB');

const MINUS = '\u2212';
const properMinus = (text: string): string => text.replace('-', MINUS);

/** `cents: false` for estimates, where they only look exact. */
export function money({ amount, currency }: Money, { cents = true } = {}): string {
  const digits = cents ? {} : { maximumFractionDigits: 0 };
  const display = i18n.language === 'ro' ? 'code' : 'narrowSymbol';
  return properMinus(
    new Intl.NumberFormat(locale(), { style: 'currency', currency, currencyDisplay: display, ...digits }).format(Number(amount)),
  );
}

/** Sums of one kind in each of their currencies; a dash where there is none. */
export const sums = (all: readonly Money[], options?: { readonly cents: boolean }): string =>
  all.length === 0 ? '—' : all.map(one => money(one, options)).join(' + ');

/** A decimal as it was said, with the places it has. */
export function decimal(text: string): string {
  const places = text.split('.')[1]?.length ?? 0;
  return properMinus(
    new Intl.NumberFormat(locale(), { minimumFractionDigits: places, maximumFractionDigits: places }).format(Number(text)),
  );
}

export const count = (value: number): string => new Intl.NumberFormat(locale()).format(value);
export const percent = (value: number | string): string => (i18n.language === 'ro' ? `${value}\u00a0%` : `${value}%`);

export const day = (iso: string): string => {
  const date = new Date(`${iso}T12:00:00Z`);
  const year = date.getUTCFullYear() === new Date().getUTCFullYear() ? {} : ({ year: 'numeric' } as const);
  return new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', ...year, timeZone: 'UTC' }).format(date);
};

export const instant = (iso: string): string =>
  new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }).format(
    new Date(iso),
  );

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago, in its two largest units: `2 d 4 h`. */
export function age(iso: string, now: number = Date.now()): string {
  const past = Math.max(0, now - Date.parse(iso));
  if (past < MINUTE_MS) return i18n.t('time.now');
  if (past < HOUR_MS) return i18n.t('time.minutes', { m: Math.floor(past / MINUTE_MS) });
  if (past < DAY_MS) return i18n.t('time.hours', { h: Math.floor(past / HOUR_MS) });
  const days = Math.floor(past / DAY_MS);
  const hours = Math.floor((past % DAY_MS) / HOUR_MS);
  return days < 7 && hours > 0 ? i18n.t('time.daysHours', { d: days, h: hours }) : i18n.t('time.days', { d: days });
}

export const ageDays = (iso: string): number => Math.floor((Date.now() - Date.parse(iso)) / DAY_MS);

/** `AcceptSalesOrder`, `accountName` → `Accept sales order`, `Account name`; in the person's language where it has words for it. */
export function words(name: string): string {
  const known = i18n.t(`names.${name}`, { defaultValue: '' });
  if (known !== '') return known;
  const apart = name
    .replace(/([a-z])Id$/, (_, end: string) => (name === 'taxId' ? `${end} id` : end))
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase();
  return apart.charAt(0).toUpperCase() + apart.slice(1);
}

/** First letters of a name's first two words. */
export const initials = (name: string): string =>
  name
    .split(/[\s.@]+/)
    .slice(0, 2)
    .map(part => part.charAt(0).toUpperCase())
    .join('');
