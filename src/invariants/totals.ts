/**
 * Lines and totals worked out anew, by arithmetic of its own: quantity × price less discount, rounded once a line; tax once a
 * rate (EN 16931, BR-CO-10, -13, -15, -17).
 */
import type { DocumentLine, Totals } from '../domain/document.ts';
import { placesOf } from '../kernel/money.ts';

export interface Priced {
  readonly lines: readonly Pick<DocumentLine, 'line' | 'quantity' | 'unitPrice' | 'discount' | 'taxPercent' | 'net'>[];
  readonly totals: Totals;
}

const MILLION = 1_000_000n;
const PERCENT = 100n * MILLION;
const THOUSANDTHS = 1_000n;

function millionths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * MILLION + BigInt(fraction.padEnd(6, '0'));
}

/** Half away from zero; nothing here is negative. */
const rounded = (dividend: bigint, divisor: bigint): bigint => (2n * dividend + divisor) / (2n * divisor);
const sum = (parts: Iterable<bigint>): bigint => [...parts].reduce((total, part) => total + part, 0n);

function netOf({ quantity, unitPrice, discount, net }: Priced['lines'][number]): bigint {
  const minorUnits = 10n ** BigInt(placesOf(net.currency));
  const exact = BigInt(quantity) * millionths(unitPrice) * (PERCENT - millionths(discount)) * minorUnits;
  return rounded(exact, THOUSANDTHS * MILLION * PERCENT);
}

export function* faultsOfTotals({ lines, totals }: Priced): Iterable<string> {
  for (const line of lines) if (BigInt(line.net.minor) !== netOf(line)) yield `line ${line.line} is ${line.net.minor}, not ${netOf(line)}`;
  const nets = [...Map.groupBy(lines, ({ taxPercent }) => taxPercent)].map(([rate, own]) => ({ rate, net: sum(own.map(netOf)) }));
  const taxes = nets.map(({ rate, net }) => rounded(net * millionths(rate), PERCENT));
  const net = sum(nets.map(part => part.net));
  const gross = net + sum(taxes);
  if (BigInt(totals.net.minor) !== net || BigInt(totals.gross.minor) !== gross)
    yield `totals ${totals.net.minor}/${totals.gross.minor}, not ${net}/${gross}`;
  if (totals.taxes.length !== nets.length || sum(totals.taxes.map(({ tax }) => BigInt(tax.minor))) !== sum(taxes))
    yield 'taxes do not add up';
}
