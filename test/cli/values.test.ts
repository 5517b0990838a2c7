import { describe, expect, test } from 'vitest';
import { rejoined, sourceOf } from '../../src/cli/importing/sources.ts';
import { RowFault, type Scope, work } from '../../src/cli/importing/values.ts';

const definition = { file: '', key: ['id'] };
const source = (text: string) => sourceOf(text, definition, new Set(['', 'NULL']));
const scope: Scope = {
  rows: [{ id: '7', name: 'Chai', price: '018.50', share: '0.05', at: '1996-07-04 00:00:00.000' }],
  sources: new Map([
    ['lines', source('id,item,quantity\n7,a,1\n7,b,2.5\n8,a,9\n')],
    ['broken', sourceOf('id,item\n7,a\n7,"b",c\n', definition, new Set())],
  ]),
  ids: new Map([['items', new Map([['a', 'ITEM-A']])]]),
};
const worked = (value: Parameters<typeof work>[0]) => work(value, scope);

describe('a value of a mapping', () => {
  test('stands for itself when it is plain', () => {
    expect(worked('USD')).toBe('USD');
    expect(worked([1, true])).toEqual([1, true]);
    expect(worked({ a: { b: 'c' } })).toEqual({ a: { b: 'c' } });
  });

  test('is a column, in the form asked for, and nothing where the column is empty', () => {
    expect(worked({ $column: 'name' })).toBe('Chai');
    expect(worked({ $column: 'price', as: 'decimal' })).toBe('18.5');
    expect(worked({ $column: 'share', as: 'percent' })).toBe('5');
    expect(worked({ $column: 'at', as: 'day' })).toBe('1996-07-04');
    expect(worked({ name: { $column: 'name' }, fax: { $column: 'fax' } })).toEqual({ name: 'Chai' });
    expect(worked({ address: { city: { $column: 'city' } } })).toBeUndefined();
  });

  test('that has no such form rejects the row, naming the column', () => {
    expect(() => worked({ $column: 'name', as: 'decimal' })).toThrow(RowFault);
    expect(() => worked({ $column: 'name', as: 'day' })).toThrow('“Chai” is not a date');
    expect(() => worked({ $id: 'items', key: 'z' })).toThrow('The step items made nothing of the row z');
    expect(() => worked({ $lookup: 'lines', key: '99', column: 'item' })).toThrow('There is no row 99 in lines');
  });

  test('follows ids and other sources, line by line', () => {
    expect(worked({ $id: 'items', key: 'a' })).toBe('ITEM-A');
    expect(worked({ $each: 'lines', on: { id: { $column: 'id' } }, of: { item: { $column: 'item' }, of: { $column: 'name' } } })).toEqual([
      { item: 'a', of: 'Chai' },
      { item: 'b', of: 'Chai' },
    ]);
    expect(worked({ $lists: [{ $each: 'lines', on: { id: '8' }, of: { $column: 'item' } }, ['z']] })).toEqual(['a', 'z']);
  });

  test('adds up exactly', () => {
    expect(worked({ $sum: ['0.1', '0.2', { $each: 'lines', on: { id: '7' }, of: { $column: 'quantity' } }] })).toBe('3.8');
  });

  test('depends on conditions', () => {
    const priced = { $when: { $not: { $equal: [{ $column: 'price', as: 'decimal' }, '18.5'] } }, use: 'other', else: 'usual' };
    expect(worked(priced)).toBe('usual');
    expect(worked({ $when: { $present: { $column: 'fax' } }, use: 'x' })).toBeUndefined();
    expect(worked({ $text: ['S', { $column: 'id' }] })).toBe('S7');
  });

  test('of an unknown kind is a mistake of the mapping', () => expect(() => worked({ $magic: 1 })).toThrow('$magic'));
});

describe('a file', () => {
  test('tells the rows that do not fit its header by their line', () =>
    expect(scope.sources.get('broken')?.broken).toEqual([{ line: 3, reason: '3 fields where the header has 2' }]));

  test('gives back to a field what a comma followed by a space cut off it, and nothing else', () => {
    expect(rejoined(['1', '2', ' rue X', 'Lyon'], 3)).toEqual(['1', '2, rue X', 'Lyon']);
    expect(rejoined(['1', ' spaced', 'Lyon'], 3)).toEqual(['1', ' spaced', 'Lyon']);
    expect(rejoined(['1', '2', '3', '4'], 3)).toEqual(['1', '2', '3', '4']);
  });
});
