/** What somebody of the invented company does on a day: one command, as people send it. */

/** In the order in which a span of time is played: what comes later builds on what came before. */
export const phases = [
  'begin',
  'goods',
  'clients',
  'contacts',
  'prices',
  'receipts',
  'leads',
  'qualify',
  'convert',
  'deals',
  'pursue',
  'order',
  'place',
  'decide',
  'approve',
  'ship',
  'issue',
  'pay',
  'comeBack',
  'takeBack',
  'close',
] as const;
export type Phase = (typeof phases)[number];

/** What builds on each other within a span of time. `pipeline` and `placing` do not, nor `money` and the span that follows. */
export const courses = {
  opening: ['begin', 'goods', 'clients', 'contacts', 'prices', 'receipts'],
  pipeline: ['leads', 'qualify', 'convert', 'deals', 'pursue', 'order'],
  placing: ['place'],
  delivery: ['decide', 'approve', 'ship'],
  money: ['issue', 'pay', 'comeBack', 'takeBack', 'close'],
} as const satisfies Readonly<Record<string, readonly Phase[]>>;

/** Ids of what was made, by the key of the act that made it. @throws Error for a key that made nothing */
export type IdOf = (key: string) => string;

export interface Act {
  readonly phase: Phase;
  /** Unique; the ids of what it makes follow from it. */
  readonly key: string;
  /** ISO 8601 date. */
  readonly day: string;
  /** Key of the user who does it; the administrator where none is named. */
  readonly by?: string;
  /** Acts of one line are done one after the other. */
  readonly line: string;
  readonly command: string;
  readonly input: (idOf: IdOf) => object;
}

export const dayAfter = (day: string, days: number): string => Temporal.PlainDate.from(day).add({ days }).toString();

/** An amount of bani as people write lei. */
export const lei = (bani: number): string => `${Math.floor(bani / 100)}.${String(bani % 100).padStart(2, '0')}`;

export const CURRENCY = 'RON';
export const money = (bani: number) => ({ amount: lei(bani), currency: CURRENCY });
