/** The price of an item in a list through time: what holds from which day to which. */
import { z } from 'zod';
import { Id } from '../../domain/vocabulary.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { NoSuchRecord, query } from '../../kernel/query.ts';
import { priceLists } from './price-lists.ts';
import { type Breaks, BreaksAnswer, breaksAnswer, prices } from './prices.ts';

/** A price as it was said, for its own days. */
export interface PriceSaid {
  readonly validFrom: string;
  readonly validUntil: string | null;
  /** Null where the item was taken off the list. */
  readonly unitPrice: string | null;
}

export interface Span<Said> {
  readonly from: string;
  /** Last day; null where it holds for good. */
  readonly to: string | null;
  readonly said: Said;
}

const dayAfter = (day: string): string => Temporal.PlainDate.from(day).add({ days: 1 }).toString();
const dayBefore = (day: string): string => Temporal.PlainDate.from(day).subtract({ days: 1 }).toString();

/** Of the prices that hold on a day the one that began last counts; days without any are left out. */
export function spansOf<Said extends PriceSaid>(said: readonly Said[]): readonly Span<Said>[] {
  const turns = [
    ...new Set(said.flatMap(({ validFrom, validUntil }) => [validFrom, ...(validUntil === null ? [] : [dayAfter(validUntil)])])),
  ].sort();
  const newestFirst = said.toSorted((a, b) => (a.validFrom < b.validFrom ? 1 : -1));
  const holding = (day: string): Said | undefined =>
    newestFirst.find(({ validFrom, validUntil }) => validFrom <= day && (validUntil === null || validUntil >= day));
  const spans: Span<Said>[] = [];
  for (const [index, from] of turns.entries()) {
    const holds = holding(from);
    const next = turns[index + 1];
    if (holds !== undefined) spans.push({ from, to: next === undefined ? null : dayBefore(next), said: holds });
  }
  return spans;
}

interface Row extends PriceSaid {
  readonly breaks: Breaks;
  readonly discount: string | null;
  readonly minQuantity: number | null;
  readonly orderMultiple: number | null;
  readonly setBy: string;
  readonly setAt: string;
}

const Held = z.strictObject({
  from: z.iso.date(),
  to: z.iso.date().nullable(),
  unitPrice: z.string().nullable(),
  breaks: BreaksAnswer,
  discount: z.string().nullable(),
  minQuantity: z.string().nullable(),
  orderMultiple: z.string().nullable(),
  setBy: z.string(),
  setAt: z.iso.datetime(),
});

function held({ from, to, said }: Span<Row>): z.output<typeof Held> {
  const { unitPrice, breaks, discount, minQuantity, orderMultiple, setBy, setAt } = said;
  return {
    from,
    to,
    unitPrice,
    breaks: breaksAnswer(breaks),
    discount,
    minQuantity: minQuantity === null ? null : quantityText(minQuantity),
    orderMultiple: orderMultiple === null ? null : quantityText(orderMultiple),
    setBy,
    setAt,
  };
}

/** So many changes of one price are shown, the latest. */
const CHANGES_MAX = 1_000;

export const showPriceHistory = query({
  type: 'ShowPriceHistory',
  summary:
    'The price of an item in a list through time: what holds from which day to which, days to come included; a price of null: off the list.',
  route: 'GET /price-lists/:id/prices/:itemId/history',
  permission: 'catalogue:read',
  reads: [prices, priceLists],
  ledger: true,
  input: z.strictObject({ id: Id, itemId: Id }),
  output: z.strictObject({ currency: z.string(), items: z.array(Held) }),
  answer: async (db, { id, itemId }) => {
    const [list] = await db.rows<{ currency: string }>('select l.currency from price_lists l where l.id = $1', [id]);
    if (list === undefined) throw new NoSuchRecord('price list', id);
    const rows = await db.rows<Row>(
      `select p.valid_from as "validFrom", p.valid_until as "validUntil", trim_scale(p.unit_price)::text as "unitPrice", p.breaks,
         trim_scale(p.discount)::text as discount, p.min_quantity as "minQuantity", p.order_multiple as "orderMultiple",
         p.set_by as "setBy", p.set_at as "setAt"
       from prices p where p.price_list_id = $1 and p.item_id = $2 order by p.valid_from desc limit ${CHANGES_MAX}`,
      [id, itemId],
    );
    return { currency: list.currency, items: spansOf(rows).map(held) };
  },
});
