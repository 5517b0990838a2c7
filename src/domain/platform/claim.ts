/** A claim holds one key for one record, so that no two records bear the same SKU, tax number or e-mail address. */
import { z } from 'zod';
import { type Decision, decider, refuse } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { Id, Text } from '../vocabulary.ts';

/** What the key is, as people would call it: `email`, `sku`, `taxNumber`. */
const ClaimKind = z.string().regex(/^[a-z][A-Za-z]{0,39}$/, 'A camelCase word of at most 40 letters');

const KEY_LENGTH_MAX = 254;
const ClaimKey = Text(KEY_LENGTH_MAX);

/** Keys that tell of somebody. Of these only a keyed hash is kept, as the name of the stream: enough to know the same key again. */
const PERSONAL_KINDS = ['email', 'taxId'];
const HIDDEN = '(hidden)';

const claim = { kind: ClaimKind, key: ClaimKey, holder: Id };
export const Claim = z.strictObject(claim);
export type Claim = z.output<typeof Claim>;

export const ClaimTaken = event('ClaimTaken', claim);
export const ClaimReleased = event('ClaimReleased', claim);
const events = [ClaimTaken, ClaimReleased] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly holder?: string;
}

export const ClaimStream = decider({
  category: 'claim',
  stateVersion: 1,
  events,
  shared: true,
  hides: id => PERSONAL_KINDS.some(kind => id.startsWith(`${kind}~`)),
  initial: (): State => ({}),
  evolve: {
    ClaimTaken: (_, { holder }): State => ({ holder }),
    ClaimReleased: (): State => ({}),
  },
});

/** One normal form for comparison: compatibility characters, case and surrounding or doubled space make no difference. */
const normalised = (key: string): string => key.normalize('NFKC').toLowerCase().trim().replace(/\s+/gu, ' ');

const escaped = (character: string): string => `_${character.codePointAt(0)?.toString(16)}_`;

/**
 * Id of the claim on a key: readable, and different for different keys, since every sign but letters and digits is written as
 * its code point between underscores. The runtime hashes those that tell of somebody.
 */
export const claimId = ({ kind, key }: { readonly kind: string; readonly key: string }): string =>
  `${kind}~${normalised(key).replace(/[^a-z0-9]/gu, escaped)}`;

const isPersonal = ({ kind }: { readonly kind: string }): boolean => PERSONAL_KINDS.includes(kind);

/** What is written down of a claim. */
const kept = (wish: Claim): Claim => (isPersonal(wish) ? { ...wish, key: HIDDEN } : wish);

/** A refusal may be kept to be given again, so it says no more than what is kept. */
const described = (wish: Claim): string => (isPersonal(wish) ? `This ${wish.kind}` : `The ${wish.kind} ${wish.key}`);

export function take(state: State, wish: Claim): Decision<Fact> {
  if (state.holder === wish.holder) return [];
  if (state.holder !== undefined)
    return refuse('Duplicate', `${described(wish)} is already in use.`, { existingId: state.holder, key: wish.kind });
  return [ClaimTaken(kept(wish))];
}

/** Who does not hold the claim has nothing to give back. */
export const release = (state: State, wish: Claim): Decision<Fact> => (state.holder === wish.holder ? [ClaimReleased(kept(wish))] : []);
