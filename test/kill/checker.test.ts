/** The checker sees nothing amiss in what a house really did, and sees each defect that is planted into it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { startHouse, type TestHouse } from '../support/house.ts';
import { violationsOf } from './checker.ts';
import { everyFate } from './fates.ts';
import type { History, Logged } from './history.ts';
import type { Line } from './ledger.ts';

let house: TestHouse;
let folder: string;
let history: History;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-checker-'));
  house = await startHouse();
  history = await everyFate(house, join(folder, 'ledger'));
});
afterAll(async () => {
  await house?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Plant = (history: History) => History;

const withEvents =
  (change: (events: readonly Logged[]) => readonly Logged[]): Plant =>
  history => {
    const events = change(history.events);
    return { ...history, events, again: events };
  };
const without = (type: string, which: (event: Logged) => boolean = () => true): Plant =>
  withEvents(events => events.filter(event => event !== events.find(one => one.type === type && which(one))));
const changed = (type: string, change: (event: Logged) => Logged): Plant =>
  withEvents(events => {
    const index = events.findIndex(event => event.type === type);
    return events.with(index, change(events[index] as Logged));
  });
const saying = (type: string, change: (data: never) => object): Plant =>
  changed(type, event => ({ ...event, data: { ...event.data, ...change(event.data as never) } }));
const knowing = (type: string, metadata: object): Plant =>
  changed(type, event => ({ ...event, metadata: { ...event.metadata, ...metadata } }));
/** The first event of the type happens once more, as an event of its own at the end of its stream. */
const again = (type: string, metadata: object = {}): Plant =>
  withEvents(events => {
    const first = events.find(event => event.type === type) as Logged;
    const revision = events.filter(({ stream }) => stream === first.stream).length;
    const position = (events.at(-1)?.position ?? 0n) + 1n;
    return [
      ...events,
      { ...first, id: crypto.randomUUID(), revision, position, metadata: { ...first.metadata, basis: revision - 1, ...metadata } },
    ];
  });
const answered =
  (route: string, change: (lines: readonly Line[]) => readonly Line[]): Plant =>
  history => {
    const commands = history.commands.map(command => (command.route === route ? { ...command, lines: change(command.lines) } : command));
    return { ...history, commands };
  };
const refusedNow = (lines: readonly Line[]): readonly Line[] =>
  lines.map(({ at, n }) => ({ at, n, state: 'refused', status: 409, code: 'InsufficientStock' }));

const costing = (minor: number) => () => ({ cost: { minor, currency: 'RON' } });

interface Paid {
  readonly amount: { readonly minor: number; readonly currency: string };
}

const PLANTS: readonly (readonly [defect: string, plant: Plant, found: RegExp])[] = [
  ['an acknowledged command whose event is lost', without('DeliveryShipped'), /^I1: .* is lost$/],
  ['a command that was carried out twice', again('SalesOrderPlaced'), /^I1: .* more than once/],
  ['a refused command that had an effect', answered('POST /receipts', refusedNow), /^I1: .* was refused, and yet left ReceiptRecorded$/],
  ['a command without a known outcome', answered('POST /payments', () => []), /^I1: .* never came to a known outcome$/],
  ['an event nobody asked for', knowing('AccountCreated', { commandId: crypto.randomUUID() }), /^I1: nobody asked for AccountCreated/],
  [
    'two answers to one command',
    answered('POST /payments', lines => [...lines, ...lines.map(elsewhere)]),
    /^I2: .* was answered .* and then/,
  ],
  ['an answer that is not true', answered('POST /payments', lines => lines.map(elsewhere)), /^I2: .* which there is not$/],
  [
    'an answer that changed its mind',
    answered('POST /payments', lines => [...lines, ...refusedNow(lines)]),
    /^I2: .* both acknowledged and refused$/,
  ],
  ['a doubled event', withEvents(events => [...events, { ...(events.at(-1) as Logged), position: 1_000_000n }]), /^I3: the id/],
  ['a missing revision', without('StockBackordered'), /^I3: stock-.* goes on with revision/],
  [
    'an order that is no order',
    withEvents(events => [...events.slice(0, 3), ...events.slice(3, 5).reverse(), ...events.slice(5)]),
    /^I3: position/,
  ],
  ['a reading that misses the end', history => ({ ...history, again: history.events.slice(0, -1) }), /^I3: one reading found/],
  [
    'a reading that tells something else',
    history => ({ ...history, again: history.events.with(2, history.events[3] as Logged) }),
    /^I3: two readings differ/,
  ],
  [
    'more reserved than there is',
    saying('StockReserved', () => ({ quantity: 1_000_000_000 })),
    /^I5-I8: stock-cell, .* reserved of .* on hand$/,
  ],
  ['stock on hand below zero', saying('StockIssued', () => ({ quantity: 1_000_000_000 })), /^I5-I8: stock-cell, .*-\d+ reserved for/],
  ['a level that does not add up', saying('StockReceived', () => ({ onHand: 7 })), /^I5-I8: stock-cell, .* says 7 on hand/],
  [
    'goods that are kept from those who wait',
    without('StockReserved', ({ data }) => data['waited'] === true),
    /^I5-I8: stock-cell, .* free, and somebody waits$/,
  ],
  ['goods that are issued twice', again('StockIssued'), /^I5-I8: issued-once, .* issued 2 times$/],
  ['goods that cost more when they left than when they came', saying('StockIssued', costing(5)), /^I5-I8: stock-worth, .* it is worth -5$/],
  ['a transfer that brings other goods', saying('StockArrived', () => ({ quantity: 7 })), /^I5-I8: transfers-whole, .* was sent$/],
  ['a document that moves nothing', without('StockSent'), /^I5-I8: stock-documents-posted, .* is approved and never moved$/],
  [
    'a document that is approved twice',
    again('StockDocumentApproved'),
    /^I5-I8: stock-document-steps, .* StockDocumentApproved came after StockDocumentApproved$/,
  ],
  ['a receipt that never came into stock', without('StockReceived'), /^I5-I8: receipts-in-stock, .* never came into stock$/],
  [
    'an order that does not add up',
    saying('SalesOrderPlaced', ({ totals }: never) => ({ totals: { ...(totals as object), gross: { minor: 1, currency: 'RON' } } })),
    /^I5-I8: order-totals, .* totals/,
  ],
  [
    'a price that its explanation does not come to',
    saying('SalesOrderPlaced', ({ lines }: never) => ({
      lines: (lines as { price: object }[]).map(line => ({ ...line, price: { ...line.price, tried: [] } })),
    })),
    /^I5-I8: order-prices, .* its explanation does not come to that$/,
  ],
  [
    'an invoice that does not add up',
    saying('InvoiceDrafted', ({ totals }: never) => ({ totals: { ...(totals as object), taxes: [] } })),
    /^I5-I8: invoice-totals, .* taxes/,
  ],
  [
    'an unbalanced payment',
    saying('PaymentApplied', ({ amount }: Paid) => ({ amount: { ...amount, minor: amount.minor + 1 } })),
    /^I5-I8: invoice-balance, .* paid, .* open of/,
  ],
  [
    'a payment of less than its parts',
    saying('PaymentRecorded', ({ amount }: Paid) => ({ amount: { ...amount, minor: amount.minor - 1 } })),
    /^I5-I8: payment-parts, .* parts of/,
  ],
  ['a payment that was never recorded', without('PaymentRecorded'), /^I5-I8: payment-allocations, .* it was never recorded$/],
  ['a gap in the invoice numbers', saying('NumberTaken', () => ({ sequence: 2 })), /^I5-I8: series-numbers, .* number 2 in place of 1$/],
  [
    'an invoice number out of its date',
    saying('NumberTaken', () => ({ issueDate: '2999-01-01' })),
    /^I5-I8: series-numbers, .* follows one of 2999-01-01$/,
  ],
  ['a number without an invoice', without('InvoiceIssued'), /^I5-I8: invoice-numbers, .* and was never issued$/],
  ['an invoice without a number', without('NumberTaken'), /^I5-I8: invoice-numbers, .* which it never took$/],
  ['a cancelled order that keeps its goods', without('StockReleased'), /^I5-I8: order-chain, .* still has 2000 reserved/],
  ['a cancelled order whose delivery goes out', without('DeliveryCancelled'), /^I5-I8: order-chain, .* its delivery .* is planned$/],
  ['an order that is forgotten', without('DeliveryPlanned'), /^I5-I8: order-chain, .* deliveries of 0 are approved$/],
  ['goods that went out without an invoice', without('InvoiceDrafted'), /^I5-I8: order-chain, .* to invoice, and 0 are$/],
  [
    'an order that is invoiced twice',
    withEvents(events => [
      ...events,
      ...events
        .filter(({ type }) => type === 'InvoiceDrafted')
        .slice(0, 1)
        .map(event => ({ ...event, stream: 'invoice-another' })),
    ]),
    /^I5-I8: order-chain, .* is invoiced \d+ of \d+$/,
  ],
  [
    'an invoice of other goods',
    saying('InvoiceDrafted', ({ lines }: never) => ({ lines: (lines as object[]).slice(1) })),
    /^I5-I8: order-chain, .* to invoice, and 0 are$/,
  ],
  ['an approval that takes no goods', without('StockIssued'), /^I5-I8: order-chain, .* has 0 issued, and deliveries of \d+ are approved$/],
  [
    'credit that is not the sum of its parts',
    saying('CreditReserved', () => ({ exposure: { minor: 1, currency: 'RON' } })),
    /^I5-I8: credit-exposure, .* its parts are \d+$/,
  ],
  [
    'payments that free no credit',
    withEvents(events => events.filter(({ type }) => type !== 'ReceivableChanged')),
    /^I5-I8: credit-receivables, .* of its credit is taken$/,
  ],
  [
    'goods that come back and never left',
    saying('ReturnAdmitted', () => ({ lines: [{ line: 1, quantity: 9_000_000 }] })),
    /^I5-I8: returned-goods, .* came back; \d+ left$/,
  ],
  [
    'more credited than was invoiced',
    saying('CreditNoteRequested', ({ lines }: never) => ({
      lines: (lines as { quantity: number }[]).map(line => ({ ...line, quantity: line.quantity * 1_000 })),
    })),
    /^I5-I8: credit-limits, .* of line 1 credited$/,
  ],
  [
    'credit out of nothing',
    saying('CreditNoteIssued', ({ open }: { readonly open: Paid['amount'] }) => ({ open: { ...open, minor: open.minor + 1 } })),
    /^I5-I8: credit-balance, .* left of \d+$/,
  ],
  ['a number without a credit note', without('CreditNoteIssued'), /^I5-I8: credit-note-numbers, .* and was never issued$/],
  ['a step that is skipped', without('DeliveryApproved'), /^I5-I8: delivery-steps, .* DeliveryShipped came after DeliveryPlanned$/],
  ['an order that is accepted twice', again('SalesOrderAccepted'), /^I5-I8: order-steps, .* came after /],
  ['an invoice that is issued twice', again('InvoiceIssued'), /^I5-I8: invoice-steps, .* InvoiceIssued came after /],
  ['a payment that is recorded twice', again('PaymentRecorded'), /^I5-I8: payment-steps, .* PaymentRecorded came after PaymentRecorded$/],
  ['a receipt that is recorded twice', again('ReceiptRecorded'), /^I5-I8: receipt-steps, .* ReceiptRecorded came after ReceiptRecorded$/],
  ['an event of nobody', knowing('SalesOrderAccepted', { actor: undefined }), /^I9: SalesOrderAccepted in .* lacks actor$/],
  [
    'a cause that does not exist',
    knowing('DeliveryPlanned', { causationId: crypto.randomUUID() }),
    /^I9: DeliveryPlanned in .* cause that does not exist$/,
  ],
  ['a decision on an old state', knowing('SalesOrderAccepted', { basis: 5 }), /^I9: .* was decided at revision 5/],
  ['a process that stands still', withEvents(events => [...events, parked(events)]), /^I14: process-.* is parked/],
];

const elsewhere = (line: Line): Line => (line.state === 'acked' ? { ...line, answer: { ...line.answer, revision: 77 } } : line);
const parked = (events: readonly Logged[]): Logged => ({
  ...(events[0] as Logged),
  type: 'ProcessParked',
  stream: 'process-x~1',
  data: { reason: 'a fault' },
});

describe('the checker', () => {
  test('finds nothing amiss in what really happened, which holds something of everything', () => {
    expect(violationsOf(history)).toEqual([]);
    const types = new Set(history.events.map(({ type }) => type));
    for (const type of ['StockBackordered', 'StockReleased', 'SalesOrderDeclined', 'DeliveryCancelled', 'PaymentRecorded', 'StockAdjusted'])
      expect(types).toContain(type);
    expect(history.commands.filter(({ lines }) => lines.some(({ state }) => state === 'refused'))).toHaveLength(1);
  });

  test('knows a defect for every invariant that a module lists', () => {
    const unproven = [...registry(modules).invariants.keys()].filter(name => !PLANTS.some(([, , found]) => found.source.includes(name)));
    expect(unproven).toEqual([]);
  });

  test.each(PLANTS)('finds %s', (_, plant, found) => {
    expect(violationsOf(plant(history)).filter(violation => found.test(violation))).not.toEqual([]);
  });
});
