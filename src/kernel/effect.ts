/**
 * What the house does outside itself: a letter, a notice to somebody else's program. An effect follows from a fact, through a
 * step of a saga or through a reaction. It stands in the outbox until it is done or given up, and its outcome comes back as a
 * command. The outbox keeps references only; what is said to whom is composed at the moment of sending, so that nothing of a
 * person lies in wait there, and nobody is told what is no longer so.
 */
import { z } from 'zod';
import type { Ask, CommandMessage } from './command.ts';
import type { Refusal } from './decider.ts';
import { type AnyEventDefinition, event, type Handlers } from './event.ts';
import type { ViewMeta } from './projection.ts';

/** An effect asked for: its name and the references it is composed from. */
export interface EffectMessage {
  readonly effect: string;
  readonly payload: unknown;
}

/** A way out of the house; the adapter behind it stands in integrations/. */
export interface Channel<Content = unknown> {
  readonly name: 'mail' | 'webhook';
  /** Never set: carries the content's type. */
  readonly content?: Content;
}

export interface Letter {
  /** Addresses; each is told to the others. */
  readonly to: readonly string[];
  readonly subject: string;
  /** Plain text; lines end in \n. */
  readonly text: string;
}

/** A message to a program, by Standard Webhooks. */
export interface Notice {
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** `whsec_…`; the message is signed once with each. */
  readonly secrets: readonly string[];
  /** Whether something of a person may be in it: then its receiver's answers are not kept word for word. */
  readonly personal: boolean;
}

export const mail: Channel<Letter> = { name: 'mail' };
export const webhook: Channel<Notice> = { name: 'webhook' };

/** What one try came to, as an adapter tells it. Texts hold no address of a person. */
export type Answer =
  | { readonly kind: 'taken'; readonly answer: string }
  /** This content is never taken; others may be. */
  | { readonly kind: 'refused'; readonly problem: string }
  /** The destination wants nothing any more. */
  | { readonly kind: 'gone'; readonly problem: string }
  /** Perhaps later. `blames` tells whether others for the same destination would fare the same. */
  | {
      readonly kind: 'failed';
      readonly problem: string;
      readonly blames: 'content' | 'destination';
      readonly retryAfterMs?: number;
    };

/** Sends content once. The id is the same in each try, so that the receiver can tell a repetition. */
export type Adapter<Content> = (id: string, content: Content, signal: AbortSignal) => Promise<Answer>;

/** Adapters by channel; a channel without one is told why, and its effects wait. */
export interface Adapters {
  readonly mail: Adapter<Letter> | { readonly missing: string };
  readonly webhook: Adapter<Notice> | { readonly missing: string };
}

/** What became of an effect in the end. `destination`: how its destination fared when the effect was given up. */
export type EffectOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'givenUp'; readonly because: string; readonly destination: 'well' | 'failing' | 'gone' };

/** A fact as strangers may read it. */
export interface PublicFact {
  readonly id: string;
  readonly type: string;
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly data: unknown;
}

/** What composing may lean on. */
export interface Composing {
  /** ISO 8601 instant in UTC. */
  readonly now: string;
  /** Asks as the system, after the cause is visible. */
  readonly ask: Ask;
  /** One event of the log, without its personal fields unless those are asked for. */
  fact(at: { readonly stream: string; readonly revision: number }, options: { readonly personal: boolean }): Promise<PublicFact>;
}

export interface EffectDefinition<Payload extends z.ZodType, Content> {
  /** UpperCamelCase, unique, kept for good: the outbox remembers it. */
  readonly type: string;
  readonly channel: Channel<Content>;
  /** References only: ids and positions, never a name or an address. */
  readonly payload: Payload;
  /** Effects of one destination wait for one another's troubles, those of others do not. */
  readonly destination: (payload: z.output<Payload>) => string;
  /** A refusal gives the effect up at once. */
  readonly compose: (payload: z.output<Payload>, context: Composing) => Promise<Content | Refusal>;
  /** The command by which the outcome becomes a fact; absent where nobody waits for it. */
  readonly outcome?: (payload: z.output<Payload>, outcome: EffectOutcome) => CommandMessage | undefined;
}

/** An effect as the runtime sees it. */
export interface AnyEffect {
  readonly type: string;
  readonly channel: Channel;
  readonly payload: z.ZodType;
  readonly destination: (payload: never) => string;
  readonly compose: (payload: never, context: Composing) => Promise<unknown>;
  readonly outcome?: (payload: never, outcome: EffectOutcome) => CommandMessage | undefined;
}

/** A kind of effect, which called with its payload builds the message that asks for it. */
export type Effect<Payload extends z.ZodType, Content> = ((payload: z.input<Payload>) => EffectMessage) &
  EffectDefinition<Payload, Content>;

export function effect<Payload extends z.ZodType, Content>(definition: EffectDefinition<Payload, Content>): Effect<Payload, Content> {
  const message = (payload: z.input<Payload>): EffectMessage => ({
    effect: definition.type,
    payload: definition.payload.parse(payload),
  });
  return Object.assign(message, definition);
}

/**
 * Which effects follow from facts where no process waits for what becomes of them. What it remembers says who wants to hear;
 * it is folded from the log, so that whoever asks to be told hears of every later fact and of no earlier one.
 */
export interface Reaction<State, D extends AnyEventDefinition> {
  /** kebab-case, unique. */
  readonly name: string;
  readonly stateVersion: number;
  readonly events: readonly D[];
  /** Plain JSON and bounded: it is written with each batch. */
  initial(): State;
  readonly on: Handlers<D, State, State, [meta: ViewMeta]>;
  /** The effects of a fact of any kind, after `on`. The same effect with the same payload is asked for once, however often it is said. */
  readonly effects: (state: State, meta: ViewMeta) => readonly EffectMessage[];
}

/** A reaction as the runtime sees it. */
export interface AnyReaction {
  readonly name: string;
  readonly stateVersion: number;
  readonly events: readonly AnyEventDefinition[];
  initial(): unknown;
  readonly on: Readonly<Record<string, (state: never, data: never, meta: ViewMeta) => unknown>>;
  readonly effects: (state: never, meta: ViewMeta) => readonly EffectMessage[];
}

export const reaction = <const State, D extends AnyEventDefinition = never>(definition: Reaction<State, D>): Reaction<State, D> =>
  definition;

/** Effects that were given up have streams of their own, `effect-<id>`: who was not told, and who tried again with which note. */
export const EFFECT_CATEGORY = 'effect';

/** Under which name and version the outbox says how far it has heard, for whoever asks about effects. */
export const EFFECTS = { name: 'effects', version: 1 } as const;

/** The effect was tried until its time was over, or can never be done. `round` counts the replays before. */
export const EffectGivenUp = event('EffectGivenUp', {
  effect: z.string(),
  destination: z.string(),
  tries: z.int(),
  round: z.int(),
  because: z.string(),
});

/** Somebody wants it tried anew; `round` is the round that begins. */
export const EffectReplayed = event('EffectReplayed', { round: z.int(), note: z.string() });

export const effectEvents = [EffectGivenUp, EffectReplayed] as const;

/** The command by which the outbox records that it gave an effect up; the platform offers it. */
export const giveUpMessage = (input: z.input<typeof EffectGivenUp.schema> & { readonly id: string }): CommandMessage => ({
  command: 'GiveUpEffect',
  input,
});
