/** A person is whoever leads, contacts, accounts and users tell of, under one id from the first word on. Known of them here is only that they were erased. */
import { z } from 'zod';
import { type Decision, decider, notFound, refuse } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { PERSON_ERASED } from '../../kernel/personal.ts';

/** From here on nobody can read what was said of this person; the runtime destroys their key and what it had written in the clear. */
export const PersonErased = event(PERSON_ERASED, { reason: z.string() });
const events = [PersonErased] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly erased: boolean;
}

export const Person = decider({
  category: 'person',
  stateVersion: 1,
  events,
  initial: (): State => ({ erased: false }),
  evolve: { PersonErased: (): State => ({ erased: true }) },
});

/** What the views know of somebody. */
export interface PersonKnowledge {
  readonly known: boolean;
  readonly signsIn: boolean;
}

export function erase(
  { erased }: State,
  { id, reason }: { readonly id: string; readonly reason: string },
  { facts }: { readonly facts: PersonKnowledge },
): Decision<Fact> {
  if (erased) return [];
  if (!facts.known) return notFound('person', id);
  if (facts.signsIn) return refuse('StillSignsIn', 'This person may still sign in; disable the user first.');
  return [PersonErased({ reason })];
}
