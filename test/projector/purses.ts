/** A small invented business for the tests of the read side: purses that are opened, filled, emptied and closed. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { command } from '../../src/kernel/command.ts';
import { decider } from '../../src/kernel/decider.ts';
import { event } from '../../src/kernel/event.ts';
import { field } from '../../src/kernel/field.ts';
import { byInstant, listing } from '../../src/kernel/listing.ts';
import type { EventMetadata } from '../../src/kernel/metadata.ts';
import { module, type Registry, registry } from '../../src/kernel/module.ts';
import { type AnyProjection, projection } from '../../src/kernel/projection.ts';
import type { AnyQuery } from '../../src/kernel/query.ts';
import { day, decimal, flag, instant, integer, json, nullable, table, text, texts } from '../../src/kernel/table.ts';
import type { EventLog, NewEvent } from '../../src/runtime/event-log/port.ts';

export const PurseOpened = event('PurseOpened', { owner: z.string(), rate: z.string(), labels: z.array(z.string()) });
export const PurseFilled = event('PurseFilled', { amount: z.int(), from: z.string() });
export const PurseClosed = event('PurseClosed', {});
const events = [PurseOpened, PurseFilled, PurseClosed] as const;

const columns = {
  owner_id: text('Who it belongs to'),
  amount: integer('What is in it, in cents'),
  rate: decimal('Interest, in percent'),
  opened_on: day('Day it was opened'),
  changed_at: instant('When it last changed'),
  empty: flag('Whether nothing is in it'),
  labels: texts('Labels'),
  sources: json<Readonly<Record<string, number>>>('How often it was filled, by source'),
  last_source: nullable(text('Who filled it last')),
};

/** Depends on the order of members all along, so it shows whether rows once came back in another order. */
const marked = (counts: Readonly<Record<string, number>>, from: string): number =>
  ((counts['mark'] ?? 0) * 31 + Object.keys(counts).indexOf(from) + 2) % 1_009;

/** The view of purses; each version counts an amount as many times as its number says. */
export const pursesOf = (version: number) =>
  projection({
    name: 'purses',
    version,
    versioned: true,
    table: table('purses', "Purses, with the owner's name", columns, { key: 'Id of the purse', indexes: ['owner_id, amount'] }),
    events,
    on: {
      PurseOpened: (_, { owner, rate, labels }, _key, { occurredAt }) => ({
        owner_id: owner,
        amount: 0,
        rate,
        opened_on: occurredAt.slice(0, 10),
        changed_at: occurredAt,
        empty: true,
        labels,
        sources: {},
        last_source: null,
      }),
      PurseFilled: (purse, { amount, from }, _key, { occurredAt }) =>
        purse && {
          ...purse,
          amount: purse.amount + amount * version,
          empty: purse.amount + amount === 0,
          changed_at: occurredAt,
          sources: { ...purse.sources, [from]: (purse.sources[from] ?? 0) + 1, mark: marked(purse.sources, from) },
          last_source: from,
        },
      PurseClosed: () => null,
    },
    ownRows: { permission: 'purses:read', owner: 'owner_id', observers: 'labels' },
  });

export const purses = pursesOf(1);

/** One row per source, whatever the purse. */
export const sources = projection({
  name: 'sources',
  version: 1,
  table: table('sources', 'Who fills purses', { times: integer('How often') }),
  events: [PurseFilled],
  keys: { PurseFilled: ({ from }) => [from, 'everyone', from] },
  on: { PurseFilled: row => ({ times: (row?.times ?? 0) + 1 }) },
});

const PurseStream = decider({
  category: 'purse',
  stateVersion: 1,
  events,
  initial: () => ({}),
  evolve: { PurseOpened: state => state, PurseFilled: state => state, PurseClosed: state => state },
});

const openPurse = command({
  type: 'OpenPurse',
  summary: 'Opens a purse.',
  permission: 'purses:open',
  input: z.strictObject({}),
  decider: PurseStream,
  decide: () => [],
});

export const listPurses = listing({
  type: 'ListPurses',
  summary: 'Purses.',
  route: 'GET /purses',
  permission: 'purses:read',
  reads: [purses],
  from: 'purses p',
  key: 'p.id',
  fields: {
    id: field.text('p.id'),
    owner: field.text('p.owner_id'),
    amount: field.integer('p.amount'),
    rate: field.decimal('p.rate'),
    openedOn: field.day('p.opened_on'),
    changedAt: field.instant('p.changed_at'),
    labels: field.texts('p.labels'),
  },
  filters: { since: 'p.changed_at >= ?::timestamptz', owner: 'p.owner_id = ?', changed: byInstant('p.changed_at >= ?::timestamptz') },
  sorts: { amount: { sql: 'p.amount' }, richest: { sql: 'p.amount', descending: true } },
  usual: 'amount',
});

export const registryOf = (projections: readonly AnyProjection[], queries: readonly AnyQuery[] = []): Registry =>
  registry([module({ name: 'purses', commands: [openPurse], projections, queries, sagas: [] })]);

const START = Date.parse('2026-01-05T08:00:00.000Z');
let minute = 0;

/** An event as an executor would have made it, a minute after the one before. */
export function happened({ type, data }: { readonly type: string; readonly data: unknown }, about: Partial<EventMetadata> = {}): NewEvent {
  const id = randomUUID();
  const recordedAt = new Date(START + minute++ * 60_000).toISOString();
  return {
    id,
    type,
    data,
    metadata: {
      version: 1,
      recordedAt,
      occurredAt: recordedAt,
      actor: { kind: 'staff', id: 'ana' },
      commandId: id,
      commandHash: 'none',
      correlationId: id,
      causationId: id,
      basis: -1,
      ...about,
    },
  };
}

export const opened = (owner = 'ana', rate = '1.5') => PurseOpened({ owner, rate, labels: ['new', 'ș'] });
export const filled = (amount: number, from = 'bob') => PurseFilled({ amount, from });
export const closed = () => PurseClosed({});

type Fact = { readonly type: string; readonly data: unknown };

/** Appends facts to one purse after those it has. */
export async function append(log: EventLog, purse: string, ...facts: readonly Fact[]): Promise<bigint> {
  const past = await Array.fromAsync(log.readStream(`purse-${purse}`));
  const appended = await log.append(
    `purse-${purse}`,
    facts.map(fact => happened(fact)),
    past.length - 1,
  );
  return appended.position;
}
