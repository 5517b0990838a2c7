import { z } from 'zod';
import { close, Ledger, Period, reopen } from '../../domain/platform/period.ts';
import { Day, Reason } from '../../domain/vocabulary.ts';
import { command } from '../../kernel/command.ts';

const onLedger = { decider: Period, entityId: ({ ledger }: { readonly ledger: Ledger }): string => ledger } as const;

export const closePeriod = command({
  ...onLedger,
  type: 'ClosePeriod',
  summary: 'Closes the books or the stock up to a day that is over: what is dated up to it is refused as PeriodClosed from then on.',
  route: 'POST /periods/:ledger/close',
  permission: 'platform:close-period',
  input: z.strictObject({ ledger: Ledger, through: Day }),
  decide: close,
});

export const reopenPeriod = command({
  ...onLedger,
  type: 'ReopenPeriod',
  summary: 'Opens the days after `through` again, or all of them where it is null; with a reason.',
  route: 'POST /periods/:ledger/reopen',
  permission: 'platform:reopen-period',
  input: z.strictObject({ ledger: Ledger, through: Day.nullable(), reason: Reason }),
  decide: reopen,
});
