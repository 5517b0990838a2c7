/** How much there is of everything. */
export interface Size {
  /** Accounts that are there from the beginning, and firms that become accounts by a lead. */
  readonly buyers: number;
  readonly prospects: number;
  readonly leads: number;
  /** Of the leads; and deals that had none. */
  readonly converted: number;
  readonly inquiries: number;
  readonly orders: number;
}

/** With fourteen suppliers and six rivals: 200 accounts, 400 deals. */
export const WHOLE: Size = { buyers: 120, prospects: 60, leads: 1_500, converted: 300, inquiries: 100, orders: 2_000 };

/** The time the plan is about. Days are ISO 8601 dates. */
export interface Span {
  readonly from: string;
  readonly until: string;
  readonly days: number;
  readonly size: Size;
}
