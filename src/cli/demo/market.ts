/** Who the invented company trades with, and what it sells at which price. */
import { type Act, CURRENCY, dayAfter, lei, money } from './act.ts';
import type { Chance } from './chance.ts';
import { freight, goods } from './goods.ts';
import { type Firm, firms, person } from './people.ts';
import type { Size } from './span.ts';
import { sellers } from './staff.ts';

export const WAREHOUSE = 'warehouse';
const TAX_PERCENT = '19';
const SUPPLIERS = 14;
const RIVALS = 6;
const TERMS_DAYS = [14, 30, 30, 30, 45, 60];
const PRICE_ROUNDS_EVERY_DAYS = 182;

/** Most are known from the beginning; each has somebody who looks after it. */
export interface Account extends Firm {
  readonly key: string;
  readonly seller: string;
  readonly termDays: number;
}

export interface Market {
  readonly buyers: readonly Account[];
  readonly prospects: readonly Firm[];
  readonly suppliers: readonly Account[];
  readonly rivals: readonly Account[];
}

export function market(chance: Chance, size: Pick<Size, 'buyers' | 'prospects'>): Market {
  const all = firms(chance);
  let taken = 0;
  const take = (count: number): readonly Firm[] => all.slice(taken, (taken += count));
  const accounts = (kind: string, count: number): readonly Account[] =>
    take(count).map((firm, index) => ({
      ...firm,
      key: `${kind}-${index + 1}`,
      seller: chance.pick(sellers).key,
      termDays: chance.pick(TERMS_DAYS),
    }));
  return {
    buyers: accounts('buyer', size.buyers),
    suppliers: accounts('supplier', SUPPLIERS),
    rivals: accounts('rival', RIVALS),
    prospects: take(size.prospects),
  };
}

export const itemKey = (sku: string): string => `item ${sku}`;

/** Day one: the warehouse, the goods with their first prices, everybody we trade with. */
export function opening(chance: Chance, { buyers, suppliers, rivals }: Market, day: string): readonly Act[] {
  return [
    {
      phase: 'begin',
      key: WAREHOUSE,
      day,
      line: WAREHOUSE,
      command: 'OpenWarehouse',
      input: () => ({ code: 'MAIN', name: 'Main warehouse' }),
    },
    ...[...goods, freight].map(
      (good): Act => ({
        phase: 'goods',
        key: itemKey(good.sku),
        day,
        line: itemKey(good.sku),
        command: 'AddItem',
        input: () => ({
          sku: good.sku,
          name: good.name,
          uom: good.uom,
          stocked: good.stocked,
          taxPercent: TAX_PERCENT,
          category: good.category,
          standardPrice: { unitPrice: lei(good.price), currency: CURRENCY },
        }),
      }),
    ),
    ...[...withKind('buyer', buyers), ...withKind('supplier', suppliers), ...withKind('competitor', rivals)].flatMap(
      ([kind, account], index) => introduced(chance, kind, account, index, day),
    ),
  ];
}

const withKind = (kind: string, accounts: readonly Account[]) => accounts.map(account => [kind, account] as const);

/** Wide enough that all of the plan passes; who wants to see an order held lowers one. */
const CREDIT_LIMITS = [50_000_000, 100_000_000, 250_000_000];
const POSITIONS = ['Purchasing manager', 'Owner', 'Site manager', 'Accountant'];

function introduced(chance: Chance, kind: string, account: Account, number: number, day: string): readonly Act[] {
  const creditLimit = kind === 'buyer' && chance.happens(0.7) ? { creditLimit: money(chance.pick(CREDIT_LIMITS)) } : {};
  const { key, name, legalName, address, domain, seller, termDays } = account;
  const people = Array.from({ length: chance.whole(1, 2) }, (_, index) => ({
    ...person(chance, domain, index + 1),
    position: chance.pick(POSITIONS),
  }));
  return [
    {
      phase: 'clients',
      key,
      day,
      by: 'director',
      line: key,
      command: 'CreateAccount',
      input: idOf => ({
        name,
        legalName,
        kinds: [kind],
        code: `${kind.slice(0, 1).toUpperCase()}${String(number + 1).padStart(4, '0')}`,
        // A digit that makes it wrong: no register can know these numbers.
        taxId: `RO00${String(4_000_000 + number * 37)}`,
        currency: CURRENCY,
        paymentTermDays: termDays,
        website: `https://${domain}`,
        address,
        ownerId: idOf(seller),
        ...creditLimit,
      }),
    },
    ...people.map(
      (somebody, index): Act => ({
        phase: 'contacts',
        key: contactKey(key, index),
        day,
        by: 'director',
        line: key,
        command: 'AddContact',
        input: idOf => ({ ...somebody, accountId: idOf(key), primary: index === 0, ownerId: idOf(seller) }),
      }),
    ),
  ];
}

export const contactKey = (account: string, index: number): string => `${account} contact ${index}`;

/** Twice a year everything gets dearer by one to six per cent. */
export function priceRounds(chance: Chance, from: string, until: string): readonly Act[] {
  const acts: Act[] = [];
  const now = new Map(goods.map(good => [good.sku, good.price]));
  for (let day = dayAfter(from, PRICE_ROUNDS_EVERY_DAYS); day <= until; day = dayAfter(day, PRICE_ROUNDS_EVERY_DAYS))
    for (const good of goods) {
      const price = Math.round(((now.get(good.sku) as number) * (100 + chance.whole(1, 6))) / 1_000) * 10;
      now.set(good.sku, price);
      acts.push({
        phase: 'prices',
        key: `price ${good.sku} ${day}`,
        day,
        by: 'director',
        line: itemKey(good.sku),
        command: 'SetStandardPrice',
        input: idOf => ({ id: idOf(itemKey(good.sku)), unitPrice: lei(price), currency: CURRENCY, from: day }),
      });
    }
  return acts;
}
