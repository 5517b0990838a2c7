import { z } from 'zod';
import { LEDGERS, Period } from '../../domain/platform/period.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { day, instant, nullable, table } from '../../kernel/table.ts';

export const periods = projection({
  name: 'periods',
  version: 1,
  versioned: true,
  table: table(
    'periods',
    'How far each ledger is closed',
    { closed_through: nullable(day('Last closed day; nothing where none is')), changed_at: instant('When that was last said') },
    { key: 'Ledger: books or stock' },
  ),
  events: Period.events,
  on: {
    PeriodClosed: (_, { through }, _key, { occurredAt }) => ({ closed_through: through, changed_at: occurredAt }),
    PeriodReopened: (_, { through }, _key, { occurredAt }) => ({ closed_through: through, changed_at: occurredAt }),
  },
});

const ClosedPeriods = z.strictObject({ books: z.iso.date().nullable(), stock: z.iso.date().nullable() });

/** Asked by every command that records something under a day. */
export const closedPeriods = query({
  type: 'ShowClosedPeriods',
  summary: 'The last closed day of the books and of the stock; null where no day is closed.',
  route: 'GET /periods',
  permission: 'platform:close-period',
  input: z.strictObject({}),
  output: ClosedPeriods,
  reads: [periods],
  answer: async db => {
    const rows = await db.rows<{ id: string; closed_through: string | null }>('select id, closed_through from periods');
    const through = new Map(rows.map(({ id, closed_through }) => [id, closed_through]));
    return ClosedPeriods.parse(Object.fromEntries(LEDGERS.map(ledger => [ledger, through.get(ledger) ?? null])));
  },
});
