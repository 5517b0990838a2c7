/** A number series gives fiscal documents their numbers: without gaps, and in the order of their dates. */
import { z } from 'zod';
import { type Decision, decider, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';

/** Kinds of documents; a series numbers one of them. */
export const DocumentKind = z.enum(['invoice', 'creditNote']);
export type DocumentKind = z.output<typeof DocumentKind>;

export const NumberTaken = event('NumberTaken', {
  /** Absent on numbers of invoices. */
  kind: DocumentKind.optional(),
  series: z.string(),
  year: z.int(),
  documentId: z.string(),
  sequence: z.int(),
  issueDate: z.iso.date(),
});
const events = [NumberTaken] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly kind?: DocumentKind;
  readonly sequence: number;
  readonly issueDate: string;
  /** The newest documents and their numbers. */
  readonly recent: readonly { readonly documentId: string; readonly sequence: number }[];
}

/**
 * A document asks again within moments, or after a crash when its saga finishes the work: long before so many others were
 * issued. What asked longer ago is already issued and refuses a second number itself.
 */
const RECENT_MAX = 300;

export const Series = decider({
  category: 'series',
  stateVersion: 2,
  events,
  shared: true,
  initial: (): State => ({ sequence: 0, issueDate: '', recent: [] }),
  evolve: {
    NumberTaken: ({ recent }, { kind = 'invoice', documentId, sequence, issueDate }): State => ({
      kind,
      sequence,
      issueDate,
      recent: [...recent, { documentId, sequence }].slice(-RECENT_MAX),
    }),
  },
});

export const seriesId = ({ series, year }: { readonly series: string; readonly year: number }): string => `${series}~${year}`;

/** Number as printed: series, year and six digits, e.g. `INV-2026-000042`. */
export const documentNumber = (series: string, year: number, sequence: number): string =>
  `${series}-${year}-${String(sequence).padStart(6, '0')}`;

const NAMES: Readonly<Record<DocumentKind, string>> = { invoice: 'invoices', creditNote: 'credit notes' };

type Wish = Omit<DataOf<typeof NumberTaken>, 'sequence'>;

export function takeNext(state: State, wish: Wish): Decision<Fact> {
  if (state.recent.some(({ documentId }) => documentId === wish.documentId)) return [];
  const kind = wish.kind ?? 'invoice';
  if (state.kind !== undefined && state.kind !== kind)
    return refuse('SeriesMismatch', `Series ${wish.series} numbers ${NAMES[state.kind]} and no ${NAMES[kind]}.`);
  if (wish.issueDate < state.issueDate)
    return refuse(
      'IssueDateTooEarly',
      `Series ${wish.series} has already issued a document dated ${state.issueDate}; ${wish.issueDate} is earlier.`,
      {
        lastIssueDate: state.issueDate,
      },
    );
  return [NumberTaken({ ...wish, sequence: state.sequence + 1 })];
}
