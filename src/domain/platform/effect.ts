/** An effect that was given up, and whoever tried again. One that is done leaves no fact of its own: the outbox knows it. */
import { type Decision, decider, invalidTransition, notFound } from '../../kernel/decider.ts';
import { EFFECT_CATEGORY, EffectGivenUp, EffectReplayed, effectEvents } from '../../kernel/effect.ts';
import type { DataOf, EventOf } from '../../kernel/event.ts';

type Fact = EventOf<(typeof effectEvents)[number]>;

interface State {
  readonly status: 'none' | 'givenUp' | 'replayed';
  readonly round: number;
}

export const EffectStream = decider({
  category: EFFECT_CATEGORY,
  stateVersion: 1,
  events: effectEvents,
  initial: (): State => ({ status: 'none', round: 0 }),
  evolve: {
    EffectGivenUp: (_, { round }): State => ({ status: 'givenUp', round }),
    EffectReplayed: (_, { round }): State => ({ status: 'replayed', round }),
  },
});

export const giveUp = (state: State, fact: DataOf<typeof EffectGivenUp>): Decision<Fact> =>
  state.status === 'givenUp' && state.round === fact.round ? [] : [EffectGivenUp(fact)];

export function replay(state: State, { id, note }: { readonly id: string; readonly note: string }): Decision<Fact> {
  if (state.status === 'none') return notFound('given-up effect', id);
  if (state.status === 'replayed') return invalidTransition('It is being tried again already.', []);
  return [EffectReplayed({ round: state.round + 1, note })];
}
