import {
  CreditAllocated,
  CreditNoteIssued,
  CreditNoteIssueStarted,
  CreditNoteIssueWithdrawn,
  CreditNoteVoided,
  CreditRefunded,
} from '../../domain/billing/credit-note.ts';
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../domain/billing/crediting.ts';
import { InvoiceDrafted } from '../../domain/billing/invoice.ts';
import { NumberTaken } from '../../domain/billing/series.ts';
import { payableOf } from '../../domain/document.ts';
import { invariant } from '../../kernel/invariant.ts';
import { type Amounts, changed } from '../warehouse/stock.ts';
import { numberAndDate } from './invoices.ts';

interface Note {
  readonly lines: Amounts;
  /** Minor units. */
  readonly payable: number;
}

interface Credited {
  /** Thousandths by line, and what the whole comes to. */
  readonly invoiced: Amounts;
  readonly payable: number;
  readonly notes: Readonly<Record<string, Note | null>>;
}

const quantities = (lines: readonly { readonly line: number; readonly quantity: number }[]): Amounts =>
  lines.reduce<Amounts>((all, { line, quantity }) => changed(all, line, quantity), {});

export const creditLimits = invariant({
  name: 'credit-limits',
  promise: 'No more of an invoice is credited than was invoiced; credit notes of all of it give back what it came to, to the cent.',
  events: [InvoiceDrafted, CreditNoteRequested, CreditNoteRequestWithdrawn],
  initial: (): Credited => ({ invoiced: {}, payable: 0, notes: {} }),
  on: {
    InvoiceDrafted: (state, { lines, totals }) => ({ ...state, invoiced: quantities(lines), payable: payableOf(totals).minor }),
    CreditNoteRequested: (state, { creditNoteId, lines, totals }) => ({
      ...state,
      notes: { ...state.notes, [creditNoteId]: { lines: quantities(lines), payable: payableOf(totals).minor } },
    }),
    CreditNoteRequestWithdrawn: (state, { creditNoteId }) => ({ ...state, notes: { ...state.notes, [creditNoteId]: null } }),
  },
  *always({ invoiced, payable, notes }) {
    const standing = Object.values(notes).filter(note => note !== null);
    if (standing.length === 0) return;
    const credited = (line: string): number => standing.reduce((sum, note) => sum + (note.lines[Number(line)] ?? 0), 0);
    for (const [line, quantity] of Object.entries(invoiced))
      if (credited(line) > quantity) yield `${credited(line)} of ${quantity} of line ${line} credited`;
    const back = standing.reduce((sum, note) => sum + note.payable, 0);
    if (Object.entries(invoiced).every(([line, quantity]) => credited(line) === quantity) && back !== payable)
      yield `all is credited, and ${back} of ${payable} given back`;
  },
});

interface Balance {
  readonly payable: number | null;
  readonly used: number;
  readonly open: number;
  readonly void: boolean;
}

export const creditBalance = invariant({
  name: 'credit-balance',
  promise: 'What a credit note gives back is what is set against invoices, what is paid out and what is left of it, after every step.',
  events: [CreditNoteIssued, CreditAllocated, CreditRefunded, CreditNoteVoided],
  initial: (): Balance => ({ payable: null, used: 0, open: 0, void: false }),
  on: {
    CreditNoteIssued: (state, { totals, applied, open }) => ({
      ...state,
      payable: payableOf(totals).minor,
      used: applied.minor,
      open: open.minor,
    }),
    CreditAllocated: (state, { amount, open }) => ({ ...state, used: state.used + amount.minor, open: open.minor }),
    CreditRefunded: (state, { amount, open }) => ({ ...state, used: state.used + amount.minor, open: open.minor }),
    CreditNoteVoided: state => ({ ...state, void: true }),
  },
  *always({ payable, used, open, void: isVoid }) {
    if (payable === null || open < 0 || used + open !== payable) yield `${used} used and ${open} left of ${payable}`;
    if (isVoid && used !== 0) yield `it is void, and ${used} of it is used`;
  },
});

interface Numbered {
  readonly taken: readonly string[];
  readonly issued: readonly string[];
  /** Issues begun and neither completed nor withdrawn. */
  readonly begun: number;
}

export const creditNoteNumbers = invariant({
  name: 'credit-note-numbers',
  promise: 'Every issued credit note has one number of its series, and every number belongs to one issued credit note.',
  events: [NumberTaken, CreditNoteIssueStarted, CreditNoteIssueWithdrawn, CreditNoteIssued],
  keys: { NumberTaken: ({ kind, documentId }) => (kind === 'creditNote' ? [documentId] : []) },
  initial: (): Numbered => ({ taken: [], issued: [], begun: 0 }),
  on: {
    NumberTaken: (state, taken) => ({ ...state, taken: [...state.taken, numberAndDate(taken)] }),
    CreditNoteIssueStarted: state => ({ ...state, begun: state.begun + 1 }),
    CreditNoteIssueWithdrawn: state => ({ ...state, begun: state.begun - 1 }),
    CreditNoteIssued: (state, issued) => ({ ...state, issued: [...state.issued, numberAndDate(issued)], begun: state.begun - 1 }),
  },
  *always({ taken, issued }) {
    if (taken.length > 1) yield `took ${taken.length} numbers`;
    if (issued.length > 1) yield `was issued ${issued.length} times`;
    for (const number of issued) if (!taken.includes(number)) yield `was issued under ${number}, which it never took`;
  },
  *atRest({ taken, issued, begun }) {
    if (taken.length > issued.length) yield `took ${taken.join(', ')} and was never issued`;
    if (begun !== 0) yield 'its issue was begun and never came to an end';
  },
});
