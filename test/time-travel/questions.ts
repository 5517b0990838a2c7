/** How every query of the house is asked, found by its own definition: a new one is asked without a line here. */
import { z } from 'zod';
import { type AnyQuery, clocksOf } from '../../src/kernel/query.ts';
import { modules } from '../../src/modules/index.ts';
import type { Random } from '../kill/random.ts';
import type { Business } from './business.ts';

interface Shape {
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

/** Every query that answers over HTTP as of an instant. */
export const askable: readonly AnyQuery[] = modules
  .flatMap(({ queries }): readonly AnyQuery[] => queries)
  .filter(query => query.route !== undefined && clocksOf(query).includes('recorded'));

/** What a name stands for, where its shape does not say it. */
const NAMES: Readonly<Record<string, (business: Business, random: Random) => string>> = {
  item: some('items'),
  itemId: some('items'),
  account: some('accounts'),
  warehouse: some('warehouses'),
  currency: () => 'RON',
  quantity: () => '2',
  period: (_, random) => random.pick([`${new Date().getFullYear()}`, new Date().toISOString().slice(0, 7)]),
  stage: (_, random) => random.pick(['NotProcessed', 'InitialContact', 'Presentation']),
  pipeline: () => 'default',
  type: () => 'salesOrder',
  saga: () => 'order-fulfilment',
  instance: some('sales-orders'),
  correlationId: some('leads'),
  limit: () => '3',
};

function some(kind: string) {
  return (business: Business, random: Random): string => random.pick([...business.all(kind), 'none']);
}

/** Ids that are made of others. */
const IDS: Readonly<Record<string, (business: Business, random: Random) => string>> = {
  deliveries: (business, random) => `${some('sales-orders')(business, random)}~1`,
  invoices: (business, random) => `${some('sales-orders')(business, random)}~1`,
  reservations: (business, random) => `${some('sales-orders')(business, random)}~1`,
  'stock-levels': (business, random) => `${some('warehouses')(business, random)}~${some('items')(business, random)}`,
  records: some('sales-orders'),
  pipelines: (_, random) => random.pick(['default', 'none']),
};

const EARLY = { date: '2000-01-01', 'date-time': '2000-01-01T00:00:00Z' };
const LATE = { date: '2099-12-31', 'date-time': '2099-12-31T00:00:00Z' };

/** An address at which a query is asked, with what it must be told and some of what it may be. @throws for a name nobody knows */
export function pathOf(query: AnyQuery, business: Business, random: Random): string {
  const { properties = {}, required = [] } = z.toJSONSchema(query.input, { io: 'input', unrepresentable: 'any' }) as Shape;
  const [, path = ''] = (query.route ?? '').split(' ');
  const answerTo = (name: string): string | undefined => {
    const { enum: choices, format } = properties[name] ?? {};
    if (choices !== undefined) return random.pick(choices);
    if (format === 'date' || format === 'date-time') return (name === 'from' ? EARLY : LATE)[format];
    if (name !== 'id') return NAMES[name]?.(business, random);
    const kind = path.split('/')[1] ?? '';
    return (IDS[kind] ?? some(kind))(business, random);
  };
  const told = path.replace(/:(\w+)/g, (_, name: string) => known(query, name, answerTo(name)));
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
  const asked = Object.keys(properties).filter(name => !inPath.includes(name) && (required.includes(name) || random.chance(30)));
  const parameters = asked.flatMap(name => {
    const value = required.includes(name) ? known(query, name, answerTo(name)) : answerTo(name);
    return value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  if (query.compares === true) parameters.push('since=3');
  return parameters.length === 0 ? told : `${told}?${parameters.join('&')}`;
}

function known(query: AnyQuery, name: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`Say in NAMES what ${query.type} is to be asked for as ${name}`);
  return value;
}
