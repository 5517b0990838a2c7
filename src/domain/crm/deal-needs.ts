/** What stages may demand of a deal before it enters them. */
import type { DecisionContext } from '../../kernel/command.ts';
import { invalid, type Refusal, refuse } from '../../kernel/decider.ts';
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

interface Missing {
  /** Which rule is broken by going on without it. */
  readonly rule: 'missingMandatoryField' | 'winWithoutContract';
  readonly fault: Fault;
}

/** Every unmet need of entering stages, with the stage that demands it. */
const missing = (stages: readonly Stage[], deal: Deal, today: string): readonly Missing[] =>
  stages.flatMap(({ key: stage, kind, needs }) =>
    needs.flatMap(key => {
      const { pointer, what, met }: Need = NEEDS[key as NeedKey];
      const rule = kind === 'won' && key === 'orderId' ? 'winWithoutContract' : 'missingMandatoryField';
      return unless(met(deal, today), pointer, `${stage} needs ${what}.`).map(fault => ({ rule, fault }) as const);
    }),
  );

/**
 * The refusal of entering stages without what they demand, save what approvals let pass. Its details say what such an approval
 * is asked for with.
 */
export function lacking(stages: readonly Stage[], deal: Deal, { today, override }: Lacking): Refusal | undefined {
  const refused = [...Map.groupBy(missing(stages, deal, today), ({ rule }) => rule)].flatMap(([rule, entries]) => {
    const faults = entries.map(({ fault }) => fault);
    const required = override(rule, `Going on though ${faults.map(({ detail }) => detail.slice(0, -1)).join(', ')}`);
    return required === undefined ? [] : [{ faults, required }];
  });
  if (refused.length === 0) return undefined;
  const { because, details } = invalid(refused.flatMap(({ faults }) => faults));
  return refuse('Validation', because, { ...details, approvable: refused.map(({ required }) => required.details) });
}

type Lacking = Pick<DecisionContext, 'today' | 'override'>;
