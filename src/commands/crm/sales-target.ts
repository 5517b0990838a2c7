import { z } from 'zod';
import { SalesTarget, set, targetId } from '../../domain/crm/sales-target.ts';
import { Id } from '../../domain/vocabulary.ts';
import { command } from '../../kernel/command.ts';
import { MoneyText } from '../../kernel/money.ts';
import { knownOwner } from './shapes.ts';

export const setSalesTarget = command({
  type: 'SetSalesTarget',
  summary: 'Says what somebody is to sell in a month, in place of what was said before.',
  route: 'POST /sales-targets',
  permission: 'crm:target',
  input: z.strictObject({
    ownerId: Id,
    month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A month such as 2026-03'),
    amount: MoneyText.refine(({ minor }) => minor >= 0, 'A target is not below nothing'),
  }),
  decider: SalesTarget,
  entityId: targetId,
  facts: (_, wish, ask) => knownOwner(wish, ask),
  decide: set,
});
