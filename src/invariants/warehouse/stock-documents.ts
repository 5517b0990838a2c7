import { documentLine, StockAdjusted, StockConsumed, StockHeld, StockHoldReleased, StockSent } from '../../domain/warehouse/stock.ts';
import {
  StockDocumentApproved,
  StockDocumentDrafted,
  StockDocumentEdited,
  StockDocumentRejected,
  StockDocumentReviewed,
  TransferReceived,
} from '../../domain/warehouse/stock-document.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';

export const stockDocumentSteps = steps({
  name: 'stock-document-steps',
  promise: 'A stock document is drafted once, approved or rejected once, and nothing but its arrival follows an approval.',
  events: [
    StockDocumentDrafted,
    StockDocumentEdited,
    StockDocumentReviewed,
    StockDocumentApproved,
    StockDocumentRejected,
    TransferReceived,
  ],
  mayFollow: {
    StockDocumentDrafted: [NOTHING_YET],
    StockDocumentEdited: ['StockDocumentDrafted', 'StockDocumentEdited', 'StockDocumentReviewed'],
    StockDocumentReviewed: ['StockDocumentDrafted', 'StockDocumentEdited'],
    StockDocumentApproved: ['StockDocumentDrafted', 'StockDocumentEdited', 'StockDocumentReviewed'],
    StockDocumentRejected: ['StockDocumentDrafted', 'StockDocumentEdited', 'StockDocumentReviewed'],
    TransferReceived: ['StockDocumentApproved'],
  },
});

interface Posting {
  /** Lines whose goods the document moves; none while it is not approved. */
  readonly approved: readonly string[];
  readonly posted: readonly string[];
  /** Lines that are held for it. */
  readonly held: readonly string[];
}

const ofDocument = ({ documentId }: { readonly documentId: string }): readonly string[] => [documentId];
const without = (lines: readonly string[], line: string): readonly string[] => lines.filter(other => other !== line);
const post = (posting: Posting, line: string): Posting => ({
  ...posting,
  posted: [...posting.posted, line],
  held: without(posting.held, line),
});

export const stockDocumentsPosted = invariant({
  name: 'stock-documents-posted',
  promise: 'An approved stock document moves each of its lines once, any other none; and none keeps goods from others.',
  events: [StockDocumentApproved, StockConsumed, StockSent, StockAdjusted, StockHeld, StockHoldReleased],
  keys: {
    StockConsumed: ofDocument,
    StockSent: ofDocument,
    StockHeld: ofDocument,
    StockHoldReleased: ofDocument,
    StockAdjusted: ({ adjustmentId }) => [adjustmentId],
  },
  initial: (): Posting => ({ approved: [], posted: [], held: [] }),
  on: {
    StockDocumentApproved: (posting, { kind, lines }, documentId) => ({
      ...posting,
      approved: kind === 'receipt' ? [] : lines.map(({ line }) => documentLine({ documentId, line })),
    }),
    StockConsumed: (posting, data) => post(posting, documentLine(data)),
    StockSent: (posting, data) => post(posting, documentLine(data)),
    /** Those without a line are adjusted in one step; what a transfer lost was on its way. */
    StockAdjusted: (posting, { adjustmentId: documentId, line }) => {
      const own = line === undefined ? '' : documentLine({ documentId, line });
      return own === '' || posting.posted.includes(own) ? posting : post(posting, own);
    },
    StockHeld: (posting, data) => ({ ...posting, held: [...posting.held, documentLine(data)] }),
    StockHoldReleased: (posting, data) => ({ ...posting, held: without(posting.held, documentLine(data)) }),
  },
  *always({ approved, posted }) {
    for (const line of posted) if (!approved.includes(line)) yield `${line} moved, and no approved document says so`;
    if (new Set(posted).size < posted.length) yield 'a line moved twice';
  },
  *atRest({ approved, posted, held }) {
    for (const line of approved) if (!posted.includes(line)) yield `${line} is approved and never moved`;
    if (held.length > 0) yield `${held.length} lines are held still`;
  },
});
