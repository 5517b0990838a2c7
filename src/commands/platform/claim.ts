import { z } from 'zod';
import { Claim, ClaimStream, claimId, release, take } from '../../domain/platform/claim.ts';
import { Id } from '../../domain/vocabulary.ts';
import { byId, command, type Hold } from '../../kernel/command.ts';
import { type Decider, evolve } from '../../kernel/decider.ts';
import type { AnyEventDefinition, EventOf } from '../../kernel/event.ts';
import { HoldLapsed } from '../../kernel/hold.ts';

const onClaim = { permission: 'platform:claims', input: Claim, decider: ClaimStream, entityId: claimId } as const;

export const takeClaim = command({
  ...onClaim,
  type: 'TakeClaim',
  summary: 'Secures a key for one record; refused as Duplicate while another record holds it.',
  decide: take,
});

export const releaseClaim = command({
  ...onClaim,
  type: 'ReleaseClaim',
  summary: 'Gives a key back; silent when the record does not hold it.',
  decide: release,
});

const KEY_LENGTH_MAX = 2_000;
const onStoredClaim = {
  permission: 'platform:claims',
  input: z.strictObject({ ...Claim.shape, id: z.string().max(KEY_LENGTH_MAX) }),
  decider: ClaimStream,
  entityId: byId,
  idAsStored: true,
} as const;

/** For claims of commands that vanished: their keys may be known by their hashes only. */
export const giveBackClaim = command({
  ...onStoredClaim,
  type: 'GiveBackClaim',
  summary: 'Gives a key back that was taken for a record that never came; silent when the record does not hold it.',
  decide: (claim, { id: _, ...wish }) => release(claim, wish),
});

/** For keys that a command which vanished had given back already. */
export const takeBackClaim = command({
  ...onStoredClaim,
  type: 'TakeBackClaim',
  summary: 'Secures a key again for a record that bears it still; refused as Duplicate when another took it meanwhile.',
  decide: (claim, { id: _, ...wish }) => take(claim, wish),
});

/** The command by which the stream of a record tells a vanished command that what it held is given back. */
export const lapsing = <State, D extends AnyEventDefinition>(type: `Lapse${string}`, decider: Decider<State, D>) =>
  command({
    type,
    summary: 'Makes sure that a command which vanished before its end comes to nothing; changes nothing else.',
    permission: 'platform:claims',
    input: z.strictObject({ id: Id, commandId: z.string() }),
    // The one fact that every stream may hold.
    decider: decider as unknown as Decider<State, typeof HoldLapsed>,
    entityId: byId,
    decide: (_, { commandId }) => [HoldLapsed({ commandId })],
  });

/** The hold that makes a key unique in the house, e.g. `uniqueKey('sku', sku, entityId)`. Keys are compared without case and idle space. */
export const uniqueKey = (kind: string, key: string, holder: string): Hold => ({
  take: takeClaim({ kind, key, holder }),
  release: releaseClaim({ kind, key, holder }),
});

/** The hold that gives a key back, for a record that bears it no longer; should the record keep it after all, it is taken again. */
const freedKey = (kind: string, key: string, holder: string): Hold => ({
  take: releaseClaim({ kind, key, holder }),
  release: takeClaim({ kind, key, holder }),
});

/** The keys a record bears, by kind; it bears none of a kind where there is none to name. */
type Keys = Readonly<Record<string, string | undefined>>;

/** The holds of a record whose keys may change: what it bears from now on is taken, what it bears no longer is given back. */
export const keysHeld =
  <State, D extends AnyEventDefinition>(decider: Decider<State, D>, keysOf: (state: State) => Keys) =>
  (events: readonly EventOf<D>[], before: State, holder: string): readonly Hold[] => {
    const after = events.reduce((state, { type, data }) => evolve(decider, state, type, data), before);
    return Object.keys({ ...keysOf(before), ...keysOf(after) }).flatMap(kind =>
      changedKey(kind, keysOf(before)[kind], keysOf(after)[kind], holder),
    );
  };

function changedKey(kind: string, from: string | undefined, to: string | undefined, holder: string): readonly Hold[] {
  const same = from !== undefined && to !== undefined && claimId({ kind, key: from }) === claimId({ kind, key: to });
  if (same) return [];
  return [...(to === undefined ? [] : [uniqueKey(kind, to, holder)]), ...(from === undefined ? [] : [freedKey(kind, from, holder)])];
}
