/** Orders of two years, from the wish to the money: most run smoothly, and one of each way to get stuck does not. */
import { type Act, dayAfter } from './act.ts';
import type { Chance } from './chance.ts';
import { freight, type Good, goods } from './goods.ts';
import { type Account, itemKey, type Market, WAREHOUSE } from './market.ts';
import { dealKeys, type Pipeline, type Wanted } from './pipeline.ts';
import type { Span } from './span.ts';
import { accountant, keeper } from './staff.ts';

const CHANNELS = ['phone', 'email', 'email', 'shop', 'staff'];
const DECLINED = ['Asked for goods we do not sell in this size', 'Wanted it tomorrow', 'Minimum value not reached'];
const CANCELLED = ['The client ordered twice', 'The site is closed', 'The client found it cheaper'];
/** Goods that no supplier sent lately: their orders wait. */
const SCARCE = ['PT-014', 'FX-022', 'PW-031'];
const SCARCE_DAYS = 45;

interface Ordered {
  readonly key: string;
  readonly account: string;
  readonly seller: string;
  readonly termDays: number;
  readonly day: string;
  readonly lines: readonly Wanted[];
}

export function orders(chance: Chance, market: Market, deals: Pipeline['ordered'], span: Span): readonly Act[] {
  const direct = Array.from({ length: span.size.orders - deals.length }, (_, number) => directOrder(chance, market, number, span));
  const fromDeals = deals.map(deal => ({ ...deal, key: dealKeys(deal.key).order, termDays: 30 }));
  const all = [...direct, ...fromDeals];
  return [...receipts(all, span), ...direct.map(placed), ...all.flatMap(order => course(chance, order, span.until)), counted(span.until)];
}

function directOrder(chance: Chance, { buyers }: Market, number: number, { from, days }: Span): Ordered & { readonly channel: string } {
  const buyer: Account = chance.favourite(buyers);
  const day = dayAfter(from, 5 + Math.floor(Math.sqrt(chance.next()) * (days - 5)));
  const lines = chance.some(goods, chance.whole(1, 3)).map(good => ({ sku: good.sku, quantity: quantityOf(chance, good) }));
  const sent = chance.happens(0.2) ? [{ sku: freight.sku, quantity: 1 }] : [];
  return {
    key: `order-${number + 1}`,
    account: buyer.key,
    seller: buyer.seller,
    termDays: buyer.termDays,
    day,
    channel: chance.pick(CHANNELS),
    lines: [...lines, ...sent],
  };
}

/** Of dear goods few, of cheap ones many. */
const quantityOf = (chance: Chance, { price }: Good): number => chance.whole(1, price > 20_000 ? 4 : price > 3_000 ? 12 : 60);

const placed = ({ key, account, seller, day, channel, lines }: Ordered & { readonly channel: string }): Act => ({
  phase: 'place',
  key,
  day,
  by: seller,
  line: key,
  command: 'PlaceSalesOrder',
  input: idOf => ({
    accountId: idOf(account),
    warehouseId: idOf(WAREHOUSE),
    channel,
    lines: lines.map(({ sku, quantity }) => ({ itemId: idOf(itemKey(sku)), quantity: String(quantity) })),
  }),
});

const SUPPLIED_AHEAD_DAYS = 30;
/** Of one document: each comes from another supplier, and all can be put away beside each other. */
const LINES_MAX = 6;

/** What is ordered in a month came in at its beginning, with some to spare; what is scarce did not come lately. */
function receipts(all: readonly Ordered[], { from, until }: Span): readonly Act[] {
  const acts: Act[] = [];
  for (let day = dayAfter(from, 1), month = 0; day <= until; day = dayAfter(day, SUPPLIED_AHEAD_DAYS), month++) {
    const end = dayAfter(day, SUPPLIED_AHEAD_DAYS);
    const wanted = new Map<string, number>();
    for (const order of all)
      if (order.day < end && (order.day >= day || month === 0))
        for (const { sku, quantity } of order.lines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
    const lines = goods.flatMap(({ sku, cost }) => {
      const scarce = SCARCE.includes(sku) && end > dayAfter(until, -SCARCE_DAYS);
      const quantity = scarce ? 0 : Math.ceil((wanted.get(sku) ?? 0) * 1.1) + (month === 0 ? 20 : 0);
      return quantity === 0 ? [] : [{ sku, quantity, unitCost: (cost * (100 + month)) / 10_000 }];
    });
    for (let part = 0; part * LINES_MAX < lines.length; part++) {
      const some = lines.slice(part * LINES_MAX, (part + 1) * LINES_MAX);
      acts.push({
        phase: 'receipts',
        key: `receipt ${month + 1}.${part + 1}`,
        day,
        by: keeper.key,
        line: `receipt ${month + 1}.${part + 1}`,
        command: 'RecordReceipt',
        input: idOf => ({
          warehouseId: idOf(WAREHOUSE),
          supplierId: idOf(`supplier-${((month + part) % 14) + 1}`),
          reference: `Delivery ${month + 1}/${part + 1}`,
          lines: some.map(({ sku, quantity, unitCost }) => ({
            itemId: idOf(itemKey(sku)),
            quantity: String(quantity),
            unitCost: unitCost.toFixed(4),
          })),
        }),
      });
    }
  }
  return acts;
}

/** What came in before may not be enough: such an order is accepted, and there it stays. */
const mayWaitForGoods = ({ day, lines }: Ordered, until: string): boolean =>
  day > dayAfter(until, -SCARCE_DAYS - SUPPLIED_AHEAD_DAYS) && lines.some(({ sku }) => SCARCE.includes(sku));

/** From the decision about an order to its payment, as far as today allows. */
function course(chance: Chance, order: Ordered, until: string): readonly Act[] {
  const { key, seller, day, termDays } = order;
  const acts: Act[] = [];
  const act = (phase: Act['phase'], part: string, on: string, by: string, command: string, input: Act['input']): boolean => {
    if (on > until) return false;
    acts.push({ phase, key: `${key} ${part}`, day: on, by, line: key, command, input });
    return true;
  };
  const decided = dayAfter(day, chance.whole(0, 2));
  const approved = dayAfter(decided, chance.whole(1, 5));
  const shipped = dayAfter(approved, chance.whole(0, 1));
  const chanceOfFate = chance.next();
  const reason = chance.pick(CANCELLED);
  if (chanceOfFate < 0.02) {
    const why = chance.pick(DECLINED);
    act('decide', 'decline', decided, seller, 'DeclineSalesOrder', idOf => ({ id: idOf(key), reason: why }));
    return acts;
  }
  // A few are forgotten by whoever should decide, ship or issue: what people will find stuck.
  if (chanceOfFate < 0.022) return acts;
  if (chanceOfFate < 0.024) {
    act('decide', 'modify', decided, seller, 'ModifySalesOrder', offeringLess(order));
    return acts;
  }
  if (!act('decide', 'accept', decided, seller, 'AcceptSalesOrder', idOf => ({ id: idOf(key) }))) return acts;
  if (chanceOfFate < 0.04) {
    act('close', 'cancel', dayAfter(decided, 1), seller, 'CancelSalesOrder', idOf => ({ id: idOf(key), reason }));
    return acts;
  }
  if (chanceOfFate < 0.043 || mayWaitForGoods(order, until)) return acts;
  if (!act('approve', 'approve', approved, keeper.key, 'ApproveDelivery', idOf => ({ id: `${idOf(key)}~1` }))) return acts;
  if (!act('ship', 'ship', shipped, keeper.key, 'ShipDelivery', idOf => ({ id: `${idOf(key)}~1` }))) return acts;
  if (chanceOfFate < 0.046) return acts;
  if (shipped > until) return acts;
  acts.push(issued(key, seller, shipped));
  if (chanceOfFate > 0.99) return acts.concat(comingBack(order, dayAfter(shipped, 6), until));
  return acts.concat(paying(chance, key, dayAfter(shipped, termDays), until));
}

/** What the client is asked to agree to, and has not answered. */
const offeringLess =
  ({ key, lines: [first] }: Ordered): Act['input'] =>
  idOf => ({
    id: idOf(key),
    reason: 'Only some of it can come at once',
    lines: [{ line: 1, itemId: idOf(itemKey(first?.sku ?? '')), quantity: '1' }],
  });

/** Returns that lie longer than this are taken back on the last day, in one go; the newer ones wait for somebody. */
const RETURNED_DAYS = 21;

/** One piece of the first line comes back; what is left to pay is settled between people, and stays open here. */
function comingBack({ key }: Ordered, day: string, until: string): readonly Act[] {
  if (day > until) return [];
  const back = { key: `${key} return`, day, by: keeper.key, line: key };
  const drafted: Act = {
    ...back,
    phase: 'comeBack',
    command: 'DraftDeliveryReturn',
    input: idOf => ({ deliveryId: `${idOf(key)}~1`, reason: 'Broken on arrival', lines: [{ line: 1, quantity: '1' }] }),
  };
  if (dayAfter(day, RETURNED_DAYS) > until) return [drafted];
  return [
    drafted,
    {
      ...back,
      key: `${key} taken back`,
      day: until,
      phase: 'takeBack',
      command: 'ApproveDeliveryReturn',
      input: idOf => ({ id: idOf(back.key) }),
    },
  ];
}

/** What was counted on the last day waits for whoever approves it. */
const counted = (day: string): Act => ({
  phase: 'close',
  key: 'count',
  day,
  by: keeper.key,
  line: 'count',
  command: 'DraftAdjustment',
  input: idOf => ({
    warehouseId: idOf(WAREHOUSE),
    reason: 'Counted less than there should be',
    lines: [{ itemId: idOf(itemKey(goods[0]?.sku ?? '')), quantity: '-1' }],
  }),
});

/** Each seller's branch has a series; its numbers rise with their days, so its invoices are one line. */
function issued(key: string, seller: string, day: string): Act {
  const series = `B${seller.slice(-1)}`;
  return {
    phase: 'issue',
    key: `${key} issue`,
    day,
    by: accountant.key,
    line: `series ${series}`,
    command: 'IssueInvoice',
    input: idOf => ({ id: `${idOf(key)}~1`, series }),
  };
}

/** Two thirds on time, a quarter late, some in part, some not at all. The amount is what is open then. */
function paying(chance: Chance, key: string, dueOn: string, until: string): readonly Act[] {
  const manner = chance.next();
  const late = manner < 0.66 ? chance.whole(-9, 0) : chance.whole(3, 60);
  if (manner > 0.96) return [];
  const day = dayAfter(dueOn, late);
  if (day > until) return [];
  return [
    {
      phase: 'pay',
      key: `${key} payment`,
      day,
      by: accountant.key,
      line: key,
      command: 'RecordPayment',
      input: idOf => {
        const share = manner > 0.91 ? 0.4 : 1;
        const [accountId, gross] = [idOf(`${key} payer`), Number(idOf(`${key} gross`))];
        const amount = { amount: (Math.round(gross * share) / 100).toFixed(2), currency: 'RON' };
        return { accountId, amount, allocations: [{ invoiceId: `${idOf(key)}~1`, amount }] };
      },
    },
  ];
}
