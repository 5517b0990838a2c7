import { describe, expect, test } from 'vitest';
import northwind from '../../imports/northwind.json' with { type: 'json' };
import { Mapping } from '../../src/cli/importing/mapping.ts';
import { readSources } from '../../src/cli/importing/sources.ts';
import { lineCents, read, rowsWithCommas, shortProducts } from './expected.ts';
import { northwindFolder } from './folder.ts';

const { folder, here, unless } = northwindFolder();

describe.skipIf(!here)(`Northwind’s files${unless}`, () => {
  const mapping = Mapping.parse(northwind);

  test('hold commas inside fields in 24 customers, 9 suppliers and 176 orders', () => {
    expect(['customers.csv', 'suppliers.csv', 'orders.csv'].map(file => rowsWithCommas(folder, file))).toEqual([24, 9, 176]);
  });

  test('are read whole: no row is broken, and every field is what a reader of its own makes of it', async () => {
    const sources = await readSources(mapping, folder);
    for (const [name, { file }] of Object.entries(mapping.sources)) {
      const source = sources.get(name);
      expect(source?.broken).toEqual([]);
      const expected = read(folder, file).map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
      expect(source?.rows).toEqual(expected);
    }
    expect(sources.get('suppliers')?.find('7')?.['companyName']).toBe('Pavlova, Ltd.');
    expect(sources.get('suppliers')?.find('20')?.['address']).toBe('471 Serangoon Loop, Suite #402');
  });

  test('leave 17 products short of the open orders', () => expect(shortProducts(folder)).toHaveLength(17));
});

test('a line is rounded half away from zero to the cent', () => {
  expect(lineCents('0.05', '1', '0.10')).toBe(5);
  expect(lineCents('18.60', '9', '0.15')).toBe(14229);
});
