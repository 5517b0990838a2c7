/** What stages may demand of a deal before it enters them. */
import { type Fault, unless } from '../faults.ts';
import type { Deal } from './deal.ts';
import type { Stage } from './stages.ts';

interface Need {
  readonly pointer: string;
  /** Completes the sentence "Presentation needs …". */
  readonly what: string;
  readonly met: (deal: Deal, today: string) => boolean;
}

const NEEDS = {
  contactId: { pointer: '/contactId', what: 'a contact person', met: ({ card }) => card.contactId !== undefined },
  description: { pointer: '/description', what: 'a description of the need', met: ({ card }) => card.description !== undefined },
  expectedClose: { pointer: '/expectedClose', what: 'an expected day of closing', met: ({ card }) => card.expectedClose !== undefined },
  expectedCloseAhead: {
    pointer: '/expectedClose',
    what: 'an expected day of closing to come',
    met: ({ card }, today) => (card.expectedClose ?? '') > today,
  },
  requestCategory: { pointer: '/requestCategory', what: 'a request category', met: ({ card }) => card.requestCategory !== undefined },
  amount: { pointer: '/amount', what: 'an amount', met: ({ card }) => card.amount !== undefined },
  amountAboveZero: { pointer: '/amount', what: 'an amount above zero', met: ({ card }) => (card.amount?.minor ?? 0) > 0 },
  lines: { pointer: '/lines', what: 'at least one line', met: ({ lines }) => lines.length > 0 },
  orderId: { pointer: '/orderId', what: 'an order: order the deal first', met: ({ orderId }) => orderId !== undefined },
} as const satisfies Readonly<Record<string, Need>>;

export type NeedKey = keyof typeof NEEDS;
export const needKeys = Object.keys(NEEDS) as [NeedKey, ...NeedKey[]];

/** Every unmet need of entering stages, with the stage that demands it. */
export const unmet = (stages: readonly Stage[], deal: Deal, today: string): readonly Fault[] =>
  stages.flatMap(({ key: stage, needs }) =>
    needs.flatMap(key => {
      const { pointer, what, met }: Need = NEEDS[key as NeedKey];
      return unless(met(deal, today), pointer, `${stage} needs ${what}.`);
    }),
  );
