/**
 * What the values of a mapping mean. Text, numbers and booleans stand for themselves, lists and objects for what their parts
 * come to (parts that come to nothing are left out); an object with one of these names is worked out for the row at hand:
 *
 * - `{"$column": c, "as"?: form}`: the row's value in a column; within `$each`, of the inner row first
 * - `{"$lookup": source, "key": v, "column": c, "as"?: form}`: a column of the row of another source with that key
 * - `{"$id": step, "key"?: v}`: id of the record an earlier step made of the row with that key
 * - `{"$text": [v, …]}`: the parts written together
 * - `{"$each": source, "on": {column: v}, "where"?: v, "of": v}`: a list, one entry for each matching row
 * - `{"$lists": [v, …]}`: one list of all the entries of several; what comes to nothing adds none
 * - `{"$sum": [v, …]}`: the sum of decimals and lists of decimals
 * - `{"$when": v, "use": v, "else"?: v}`; `{"$present": v}`, `{"$equal": [v, v]}`, `{"$not": v}`: conditions
 *
 * Forms: `day` (the date of a date with time), `decimal` (in its one spelling), `percent` (a share of one as a percentage).
 */
import { millionths, ofMillionths } from '../../kernel/decimal.ts';
import type { Value } from './mapping.ts';
import type { Row, Source } from './sources.ts';

export type Worked = string | number | boolean | undefined | readonly Worked[] | { readonly [name: string]: Worked };

/** What a value could not be worked out of; the row is rejected with it. */
export class RowFault extends Error {
  override readonly name = 'RowFault';
  readonly field: string;
  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

export interface Scope {
  /** The innermost row first. */
  readonly rows: readonly Row[];
  readonly sources: ReadonlyMap<string, Source>;
  /** Ids by step and row key. */
  readonly ids: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

type Operator = (argument: Value, rest: Readonly<Record<string, Value>>, scope: Scope) => Worked;

const operators: Readonly<Record<string, Operator>> = {
  $column: (column, { as }, { rows }) => formed(rows.find(row => Object.hasOwn(row, String(column)))?.[String(column)], as, String(column)),
  $lookup: (name, { key = '', column, as }, scope) => {
    const wanted = text(key, scope);
    const row = source(String(name), scope).find(wanted);
    if (row === undefined) throw new RowFault(String(name), `There is no row ${wanted} in ${name}`);
    return formed(row[String(column)], as, String(column));
  },
  $id: (step, { key = '' }, scope) => {
    const wanted = text(key, scope);
    const id = scope.ids.get(String(step))?.get(wanted);
    if (id === undefined) throw new RowFault(String(step), `The step ${step} made nothing of the row ${wanted}`);
    return id;
  },
  $text: (parts, _, scope) =>
    list(parts)
      .map(part => text(part, scope))
      .join(''),
  $each: (name, { on = {}, where = true, of = {} }, scope) =>
    source(String(name), scope)
      .having(texts(on, scope))
      .map(row => ({ ...scope, rows: [row, ...scope.rows] }))
      .filter(inner => work(where, inner) === true)
      .map(inner => work(of, inner)),
  $lists: (parts, _, scope) => list(parts).flatMap(part => (work(part, scope) as readonly Worked[] | undefined) ?? []),
  $sum: (parts, _, scope) =>
    ofMillionths(
      list(parts)
        .flatMap(part => work(part, scope) as Worked | readonly Worked[])
        .reduce<bigint>((sum, part) => sum + millionths(String(part ?? '0')), 0n),
    ),
  $when: (condition, { use = '', else: otherwise }, scope) =>
    work(condition, scope) === true ? work(use, scope) : otherwise === undefined ? undefined : work(otherwise, scope),
  $present: (value, _, scope) => work(value, scope) !== undefined,
  $equal: (pair, _, scope) => {
    const [a, b] = list(pair).map(side => work(side, scope));
    return a === b;
  },
  $not: (condition, _, scope) => work(condition, scope) !== true,
};

export function work(value: Value, scope: Scope): Worked {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(part => work(part as Value, scope)).filter(part => part !== undefined);
  const members = value as Readonly<Record<string, Value>>;
  const name = Object.keys(members).find(key => key.startsWith('$'));
  if (name === undefined) return objectOf(members, scope);
  const operator = operators[name];
  if (operator === undefined) throw new Error(`The mapping uses ${name}, which is not known`);
  const { [name]: argument, ...rest } = members;
  return operator(argument as Value, rest, scope);
}

/** An object of the members that come to something; nothing when none does. */
function objectOf(members: Readonly<Record<string, Value>>, scope: Scope): Worked {
  const worked = Object.entries(members).flatMap(([key, member]) => {
    const part = work(member, scope);
    return part === undefined ? [] : [[key, part] as const];
  });
  return worked.length === 0 && Object.keys(members).length > 0 ? undefined : Object.fromEntries(worked);
}

const list = (value: Value): readonly Value[] => (Array.isArray(value) ? value : [value as Value]);
const text = (value: Value, scope: Scope): string => String(work(value, scope) ?? '');
const texts = (members: Value, scope: Scope): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(members as Readonly<Record<string, Value>>).map(([key, value]) => [key, text(value, scope)]));

function source(name: string, { sources }: Scope): Source {
  const found = sources.get(name);
  if (found === undefined) throw new Error(`The mapping reads ${name}, which is no source of it`);
  return found;
}

const DAY = /^(\d{4}-\d{2}-\d{2})(?:[ T].*)?$/;
const DECIMAL = /^-?\d{1,12}(\.\d{1,6})?$/;
const HUNDRED = 100n;

function formed(raw: string | undefined, form: Value | undefined, column: string): Worked {
  if (raw === undefined || form === undefined) return raw;
  if (form === 'day') return DAY.exec(raw)?.[1] ?? fault(column, `“${raw}” is not a date`);
  if (!DECIMAL.test(raw)) return fault(column, `“${raw}” is not a decimal of at most 6 places`);
  if (form === 'decimal') return ofMillionths(millionths(raw));
  if (form === 'percent') return ofMillionths(millionths(raw) * HUNDRED);
  throw new Error(`The mapping uses the form ${String(form)}, which is not known`);
}

function fault(field: string, reason: string): never {
  throw new RowFault(field, reason);
}
