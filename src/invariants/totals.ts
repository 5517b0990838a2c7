/**
 * Lines and totals worked out anew, by arithmetic of its own: quantity × price less discount, rounded once a line; what is taken
 * off the whole; tax once a rate or once a line; the gross where prices include tax (EN 16931, BR-CO-10, -13, -15, -16, -17).
 */
import type { DocumentLine, Totals } from '../domain/document.ts';
import { placesOf } from '../kernel/money.ts';

type Line = Pick<DocumentLine, 'line' | 'quantity' | 'unitPrice' | 'discount' | 'taxPercent' | 'net' | 'allowance' | 'gross' | 'part'>;

export interface Priced {
  readonly lines: readonly Line[];
  readonly totals: Totals;
}

export const MILLION = 1_000_000n;
export const PERCENT = 100n * MILLION;
const THOUSANDTHS = 1_000n;

export function millionths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * MILLION + BigInt(fraction.padEnd(6, '0'));
}

/** Half away from zero; nothing here is negative. */
export const rounded = (dividend: bigint, divisor: bigint): bigint => (2n * dividend + divisor) / (2n * divisor);
const sum = (parts: Iterable<bigint>): bigint => [...parts].reduce((total, part) => total + part, 0n);
const minor = (value: { readonly minor: number } | undefined): bigint => BigInt(value?.minor ?? 0);

/** A part of a line is what the line comes to up to and with it, less what it came to before: what is left of it and what is taken off. */
function worthOf({ quantity, unitPrice, discount, net, part }: Line): bigint {
  const minorUnits = 10n ** BigInt(placesOf(net.currency));
  const ordered = BigInt(part?.of ?? quantity);
  const whole = rounded(ordered * millionths(unitPrice) * (PERCENT - millionths(discount)) * minorUnits, THOUSANDTHS * MILLION * PERCENT);
  if (part === undefined) return whole;
  const off = minor(part.allowance);
  const upTo = (pieces: number): bigint => rounded((whole - off) * BigInt(pieces), ordered) + rounded(off * BigInt(pieces), ordered);
  return upTo(part.before + quantity) - upTo(part.before);
}

const dueOf = ({ net, allowance }: Line): bigint => minor(net) - minor(allowance);
const shownOf = ({ gross }: Line): bigint => minor(gross?.amount) - minor(gross?.allowance);

export function* faultsOfTotals({ lines, totals }: Priced): Iterable<string> {
  for (const line of lines) {
    const said = minor(line.gross?.amount ?? line.net);
    if (said !== worthOf(line)) yield `line ${line.line} is ${said}, not ${worthOf(line)}`;
  }
  const byRate = [...Map.groupBy(lines, ({ taxPercent }) => taxPercent)];
  for (const [rate, own] of byRate) yield* faultsOfRate(rate, own, totals);
  if (totals.taxes.length !== byRate.length) yield 'taxes do not add up';
  const net = sum(lines.map(dueOf));
  const gross = net + sum(totals.taxes.map(({ tax }) => minor(tax)));
  if (minor(totals.net) !== net || minor(totals.gross) !== gross)
    yield `totals ${totals.net.minor}/${totals.gross.minor}, not ${net}/${gross}`;
  if (minor(totals.allowance) !== sum(lines.map(({ allowance }) => minor(allowance)))) yield 'what is taken off does not add up';
  const rounding = totals.reckoning?.pricesIncludeTax ? sum(lines.map(shownOf)) - gross : 0n;
  if (minor(totals.rounding) !== rounding) yield `rounding ${minor(totals.rounding)}, not ${rounding}`;
}

function* faultsOfRate(rate: string, lines: readonly Line[], { taxes, reckoning }: Totals): Iterable<string> {
  const taxOf = (base: bigint): bigint => rounded(base * millionths(rate), PERCENT);
  const net = sum(lines.map(dueOf));
  const tax = reckoning?.taxRounding === 'line' ? sum(lines.map(line => taxOf(dueOf(line)))) : taxOf(net);
  const said = taxes.find(({ taxPercent }) => taxPercent === rate);
  if (minor(said?.net) !== net || minor(said?.tax) !== tax)
    yield `tax at ${rate} is ${minor(said?.tax)} on ${minor(said?.net)}, not ${tax} on ${net}`;
  const left = rounded(sum(lines.map(shownOf)) * PERCENT, PERCENT + millionths(rate));
  if (reckoning?.pricesIncludeTax && net !== left) yield `net at ${rate} is ${net}, not ${left} of what is shown`;
}
