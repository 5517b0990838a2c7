/** What the clients do: they buy, too much of what is scarce, change their minds, and pay in odd ways. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Done } from './client.ts';
import type { Random } from './random.ts';

export interface Shop {
  readonly warehouseId: string;
  readonly items: readonly Item[];
  /** One for each client. */
  readonly accounts: readonly string[];
}

interface Item {
  readonly id: string;
  readonly stocked: boolean;
  readonly scarce: boolean;
}

const PLENTY = '100000';
const FEW = '12';
const GOODS = [
  { sku: 'BOLT', price: '0.333333', taxPercent: '19', stocked: true, scarce: false },
  { sku: 'LAMP', price: '10.01', taxPercent: '19', stocked: true, scarce: false },
  { sku: 'SALT', price: '7.5', taxPercent: '9', stocked: true, scarce: false },
  { sku: 'OPAL', price: '99.99', taxPercent: '19', stocked: true, scarce: true },
  { sku: 'RUBY', price: '120', taxPercent: '0', stocked: true, scarce: true },
  { sku: 'FREIGHT', price: '15.5', taxPercent: '19', stocked: false, scarce: false },
] as const;
const CURRENCY = 'RON';

/** Opens a warehouse with goods, and accounts for customers. */
export async function openShop(owner: Client, mark: string, customers: number): Promise<Shop> {
  const warehouseId = made(await owner.command('POST /warehouses', { code: `W-${mark}`, name: `Warehouse ${mark}` }));
  const items: Item[] = [];
  for (const { sku, price, taxPercent, stocked, scarce } of GOODS) {
    const standardPrice = { unitPrice: price, currency: CURRENCY };
    const card = { sku: `${sku}-${mark}`, name: sku, uom: 'piece', taxPercent, stocked, standardPrice };
    const id = made(await owner.command('POST /items', card));
    if (stocked) await owner.command('POST /receipts', { warehouseId, lines: [{ itemId: id, quantity: scarce ? FEW : PLENTY }] });
    items.push({ id, stocked, scarce });
  }
  const accounts: string[] = [];
  for (let customer = 1; customer <= customers; customer++)
    accounts.push(made(await owner.command('POST /accounts', { name: `Customer ${customer} of ${mark}`, currency: CURRENCY })));
  return { warehouseId, items, accounts };
}

function made(id: Done): string {
  if (id === undefined) throw new Error('The shop could not be opened');
  return id;
}

interface Money {
  readonly amount: string;
  readonly currency: string;
}

interface Invoice {
  readonly id: string;
  readonly open: Money;
}

const LINES_MAX = 3;
const PIECES_MAX = 4;
const PROMPT_MS = 4_000;
const LOOK_MS = 200;
const DISCOUNTS = ['0', '0', '7.5', '12.3456'];

/** How often a customer does something else than buying and paying, in percent. */
const RECEIVES = 12;
const ADJUSTS = 5;
const DECLINES = 5;
const CANCELS = 12;
const WAVERS = 10;
const GIVES_UP = 40;
const ARRIVES = 30;
const PAYS_LATER = 25;
const PAYS_TWICE = 12;
const PAYS_IN_PARTS = 15;

export class Shopper {
  readonly #client: Client;
  readonly #shop: Shop;
  readonly #accountId: string;
  readonly #random: Random;
  readonly #isOver: () => boolean;
  /** Invoices to be paid together with the next one. */
  #unpaid: Invoice[] = [];
  orders = 0;

  constructor(client: Client, shop: Shop, accountId: string, random: Random, isOver: () => boolean) {
    this.#client = client;
    this.#shop = shop;
    this.#accountId = accountId;
    this.#random = random;
    this.#isOver = isOver;
  }

  /** One errand, from its first command to its last; cut short when all is over. */
  async shop(): Promise<void> {
    if (this.#random.chance(RECEIVES)) return this.#receive();
    if (this.#random.chance(ADJUSTS)) return this.#adjust();
    const orderId = await this.#order();
    if (orderId === undefined) return;
    const noteId = `${orderId}~1`;
    if (!(await this.#planned(orderId, noteId)) || !(await this.#leave(orderId, noteId))) return;
    await this.#client.command('POST /deliveries/:id/ship', {}, noteId);
    if (this.#random.chance(ARRIVES)) await this.#client.command('POST /deliveries/:id/deliver', {}, noteId);
    if ((await this.#appears(`/invoices/${noteId}`)) === undefined) return;
    await this.#client.command('POST /invoices/:id/issue', {}, noteId);
    await this.#pay(noteId);
  }

  async #receive(): Promise<void> {
    const { warehouseId, items } = this.#shop;
    const lines = items.filter(({ scarce }) => scarce).map(({ id }) => ({ itemId: id, quantity: String(this.#random.between(1, 10)) }));
    await this.#client.command('POST /receipts', { warehouseId, lines });
  }

  async #adjust(): Promise<void> {
    const { warehouseId, items } = this.#shop;
    const { id: itemId } = this.#random.pick(items.filter(({ scarce }) => scarce));
    const quantity = this.#random.pick(['-3', '-1', '0.5', '1']);
    await this.#client.command('POST /adjustments', { warehouseId, itemId, quantity, reason: 'Counted' });
  }

  /** An order that is to be delivered; undefined when it came to nothing. */
  async #order(): Promise<Done> {
    const [first, ...others] = this.#random.shuffled(this.#shop.items);
    const chosen = first?.stocked ? [first, ...others.slice(0, this.#random.between(0, LINES_MAX - 1))] : [...others.slice(0, 1), first!];
    const lines = chosen.map(({ id }) => ({
      itemId: id,
      quantity: String(this.#random.between(1, PIECES_MAX)),
      discount: this.#random.pick(DISCOUNTS),
    }));
    const wish = { accountId: this.#accountId, warehouseId: this.#shop.warehouseId, lines };
    const orderId = await this.#client.command('POST /sales-orders', wish);
    if (orderId === undefined) return undefined;
    this.orders += 1;
    if (this.#random.chance(DECLINES)) {
      await this.#client.command('POST /sales-orders/:id/decline', { reason: 'Not today' }, orderId);
      return undefined;
    }
    await this.#client.command('POST /sales-orders/:id/accept', {}, orderId);
    if (!this.#random.chance(CANCELS)) return orderId;
    await this.#cancel(orderId);
    return undefined;
  }

  readonly #cancel = (orderId: string): Promise<Done> =>
    this.#client.command('POST /sales-orders/:id/cancel', { reason: 'Changed my mind' }, orderId);

  /** Whether the delivery is there in good time; who waits too long may cancel. */
  async #planned(orderId: string, noteId: string): Promise<boolean> {
    if ((await this.#appears(`/deliveries/${noteId}`)) !== undefined) return true;
    if (this.#random.chance(GIVES_UP)) await this.#cancel(orderId);
    return false;
  }

  /** Whether the delivery may go; sometimes it is approved and the order cancelled at the same moment. */
  async #leave(orderId: string, noteId: string): Promise<boolean> {
    const approve = (): Promise<Done> => this.#client.command('POST /deliveries/:id/approve', {}, noteId);
    const [approved] = await Promise.all(this.#random.chance(WAVERS) ? [approve(), this.#cancel(orderId)] : [approve()]);
    return approved !== undefined;
  }

  async #pay(invoiceId: string): Promise<void> {
    const open = await this.#issued(invoiceId);
    if (open === undefined) return;
    const due = [...this.#unpaid.splice(0), { id: invoiceId, open }];
    if (this.#random.chance(PAYS_LATER)) this.#unpaid = due;
    else if (this.#random.chance(PAYS_IN_PARTS)) for (const share of halved(due)) await this.#transfer(share);
    else if (this.#random.chance(PAYS_TWICE)) await Promise.all([this.#transfer(due), this.#transfer(due)]);
    else await this.#transfer(due);
  }

  /** What is to be paid once the invoice has its number. */
  async #issued(invoiceId: string): Promise<Money | undefined> {
    const found = await this.#appears(`/invoices/${invoiceId}`, ({ number }) => typeof number === 'string');
    const open = found?.['open'] as Money | undefined;
    return open !== undefined && cents(open) > 0 ? open : undefined;
  }

  #transfer(due: readonly Invoice[]): Promise<Done> {
    const total = due.reduce((sum, { open }) => sum + cents(open), 0);
    return this.#client.command('POST /payments', {
      accountId: this.#accountId,
      amount: moneyOf(total),
      allocations: due.map(({ id, open }) => ({ invoiceId: id, amount: open })),
    });
  }

  /** Asks until it is there and pleases; undefined when it is not in good time. */
  async #appears(path: string, pleases: (body: Readonly<Record<string, unknown>>) => boolean = () => true) {
    const giveUpAt = performance.now() + PROMPT_MS;
    while (performance.now() < giveUpAt && !this.#isOver()) {
      const body = await this.#client.ask(path);
      if (body !== undefined && pleases(body)) return body;
      await sleep(LOOK_MS);
    }
    return undefined;
  }
}

/** The same to be paid in two payments. */
function halved(due: readonly Invoice[]): readonly (readonly Invoice[])[] {
  const half = ({ open }: Invoice): number => Math.floor(cents(open) / 2);
  const shares = [
    due.map(invoice => ({ ...invoice, open: moneyOf(half(invoice)) })),
    due.map(invoice => ({ ...invoice, open: moneyOf(cents(invoice.open) - half(invoice)) })),
  ];
  return shares.map(share => share.filter(({ open }) => cents(open) > 0)).filter(share => share.length > 0);
}

const cents = ({ amount }: Money): number => Number(amount.replace('.', ''));
const moneyOf = (minor: number): Money => ({
  amount: `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`,
  currency: CURRENCY,
});
