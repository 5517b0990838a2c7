/** What the cloning of a price list asks of the list it copies. */
import { z } from 'zod';
import { Entered } from '../../domain/catalogue/price-sheet.ts';
import { Day, Id } from '../../domain/vocabulary.ts';
import { Currency } from '../../kernel/money.ts';
import { query } from '../../kernel/query.ts';
import { priceLists } from './price-lists.ts';
import { prices } from './prices.ts';

/** Prices of list $1 that hold on day $2. */
const HOLDING = `prices p where p.price_list_id = $1 and p.unit_price is not null and p.valid_from = (
  select max(q.valid_from) from prices q where q.price_list_id = p.price_list_id and q.item_id = p.item_id
    and q.valid_from <= $2::date and coalesce(q.valid_until, 'infinity') >= $2::date)`;

const Cloned = z.strictObject({ currency: Currency, prices: z.int() });

export const listToClone = query({
  type: 'ListToClone',
  summary: 'What the clone of a list must know of it; null where there is none.',
  permission: 'catalogue:read',
  reads: [priceLists, prices],
  input: z.strictObject({ id: Id, on: Day }),
  output: Cloned.nullable(),
  answer: async (db, { id, on }) => {
    const [list] = await db.rows<z.output<typeof Cloned>>(
      `select l.currency, (select count(*) from ${HOLDING}) as prices from price_lists l where l.id = $1`,
      [id, on],
    );
    return list ?? null;
  },
});

/** So many prices are copied at once. */
const COPIED_MAX = 100;

export const pricesToCopy = query({
  type: 'PricesToCopy',
  summary: 'The next prices of a list that hold on a day, by the ids of their items.',
  permission: 'catalogue:read',
  reads: [prices],
  input: z.strictObject({ id: Id, on: Day, after: z.string().max(200) }),
  output: z.strictObject({ prices: z.array(Entered), last: z.boolean() }),
  answer: async (db, { id, on, after }) => {
    const rows = await db.rows<Entered>(
      `select p.item_id as "itemId", p.valid_until as until, trim_scale(p.unit_price)::text as "unitPrice", p.breaks,
         trim_scale(p.discount)::text as discount, p.min_quantity as "minQuantity", p.order_multiple as "orderMultiple", p.uom
       from ${HOLDING} and p.item_id > $3 order by p.item_id limit ${COPIED_MAX + 1}`,
      [id, on, after],
    );
    return { prices: rows.slice(0, COPIED_MAX).map(said), last: rows.length <= COPIED_MAX };
  },
});

/** What a row leaves empty was not said. */
const said = (row: Entered): Entered => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Entered;
