/**
 * What Northwind's files say, worked out apart from the product: nothing here comes from src/, and all arithmetic is on integers.
 * `node test/northwind/expected.ts <folder>` prints the totals.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Row = Readonly<Record<string, string | null>>;

const LETTER_QUOTE = '"';

/** Fields end at commas outside quotes, but not at a comma that a space follows: that one belongs to the text. `NULL` is nothing. */
export function read(folder: string, file: string): readonly Row[] {
  const [header = '', ...lines] = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
  const columns = header.split(',');
  return lines.map(line => {
    const fields = fieldsOf(line);
    if (fields.length !== columns.length) throw new Error(`${file}: ${fields.length} fields in ${line}`);
    return Object.fromEntries(
      columns.map((column, index) => [column, fields[index] === 'NULL' || fields[index] === '' ? null : (fields[index] as string)]),
    );
  });
}

function fieldsOf(line: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let index = 0; index < line.length; index++) {
    const sign = line[index] as string;
    if (quoted && sign === LETTER_QUOTE && line[index + 1] === LETTER_QUOTE) {
      field += LETTER_QUOTE;
      index++;
    } else if (sign === LETTER_QUOTE && (quoted || field === '')) quoted = !quoted;
    else if (sign === ',' && !quoted && line[index + 1] !== ' ') {
      fields.push(field);
      field = '';
    } else field += sign;
  }
  return [...fields, field];
}

/** Rows of a file that have a comma within an unquoted field. */
export const rowsWithCommas = (folder: string, file: string): number =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter(line => /, /.test(line.replace(/"[^"]*"/g, ''))).length;

/** Hundredths of a decimal text of at most two places. */
function hundredths(text: string | null): number {
  const [whole = '0', fraction = ''] = (text ?? '0').split('.');
  if (fraction.length > 2) throw new Error(`${text} has more than two places`);
  return Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
}

/** Price in cents × pieces × (1 − discount), rounded half away from zero to the cent. */
export const lineCents = (unitPrice: string | null, quantity: string | null, discount: string | null): number =>
  Math.floor((hundredths(unitPrice) * Number(quantity) * (100 - hundredths(discount)) + 50) / 100);

export const day = (text: string | null): string | null => text?.slice(0, 10) ?? null;

export interface Line {
  readonly orderId: string;
  readonly productId: string | 'FREIGHT';
  readonly cents: number;
}

/** Every line of a shipped order, freight as a line of its own; issued on the day the goods left. */
export interface Billed extends Line {
  readonly issued: string;
  readonly customerId: string;
}

export function billed(folder: string): readonly Billed[] {
  const details = Map.groupBy(read(folder, 'order-details.csv'), row => row['orderID']);
  return read(folder, 'orders.csv')
    .filter(order => order['shippedDate'] !== null)
    .flatMap(order => {
      const of = {
        orderId: String(order['orderID']),
        issued: String(day(order['shippedDate'] ?? null)),
        customerId: String(order['customerID']),
      };
      const goods = (details.get(order['orderID'] as string) ?? []).map(row => ({
        ...of,
        productId: String(row['productID']),
        cents: lineCents(row['unitPrice'] ?? null, row['quantity'] ?? null, row['discount'] ?? null),
      }));
      const freight = hundredths(order['freight'] ?? null);
      return freight === 0 ? goods : [...goods, { ...of, productId: 'FREIGHT', cents: freight }];
    });
}

/** Cents and number of orders by group. */
export function totals(
  lines: readonly Billed[],
  groupOf: (line: Billed) => string,
): ReadonlyMap<string, { readonly cents: number; readonly count: number }> {
  const groups = Map.groupBy(lines, groupOf);
  return new Map(
    [...groups].map(([group, members]) => [
      group,
      { cents: members.reduce((sum, line) => sum + line.cents, 0), count: new Set(members.map(line => line.orderId)).size },
    ]),
  );
}

/** What is left of each product for the orders still open: short where less is there than they want. */
export function shortProducts(folder: string): readonly string[] {
  const open = new Set(
    read(folder, 'orders.csv')
      .filter(order => order['shippedDate'] === null)
      .map(order => order['orderID']),
  );
  const wanted = new Map<string, number>();
  for (const row of read(folder, 'order-details.csv'))
    if (open.has(row['orderID'] ?? ''))
      wanted.set(String(row['productID']), (wanted.get(String(row['productID'])) ?? 0) + Number(row['quantity']));
  return read(folder, 'products.csv').flatMap(row =>
    (wanted.get(String(row['productID'])) ?? 0) > Number(row['unitsInStock']) ? [String(row['productID'])] : [],
  );
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ?? '../shared/data/northwind';
  const lines = billed(folder);
  const sum = lines.reduce((total, line) => total + line.cents, 0);
  console.log(
    `${lines.length} lines of ${new Set(lines.map(line => line.orderId)).size} shipped orders, ${sum} cents; ${shortProducts(folder).length} products short`,
  );
  for (const [month, { cents, count }] of totals(lines, line => line.issued.slice(0, 7)))
    console.log(`${month}  ${count} orders  ${cents} cents`);
}
