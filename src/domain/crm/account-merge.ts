/**
 * Two accounts of one party become one: the loser says in which account it lives on, then the survivor takes it in. Each is decided
 * in its own stream; a process sees that both come about, or neither.
 */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, refuse } from '../../kernel/decider.ts';
import type { DataOf } from '../../kernel/event.ts';
import { edited } from '../records.ts';
import {
  type Account,
  AccountAbsorbed,
  AccountActivated,
  AccountBlocked,
  AccountCard,
  AccountEdited,
  type AccountFact,
  AccountMerged,
  AccountReleased,
  AccountRestored,
  livesOn,
} from './account.ts';

const UNDO_DAYS = 30;
const ABSORBED_MAX = 50;

/** What the survivor may take of the loser. Its currency stays, since its figures are in it. */
export const mergeFields = [
  'name',
  'kinds',
  'code',
  'legalName',
  'taxId',
  'priceListId',
  'paymentTermDays',
  'creditLimit',
  'phone',
  'fax',
  'website',
  'address',
] as const;
export type MergeField = (typeof mergeFields)[number];

export interface Survivor {
  readonly id: string;
  readonly card: AccountCard;
  readonly personId: string | null;
  readonly individual: boolean;
}

export interface MergeFacts {
  /** The account that is to live on, or the one that account lives on in; null where there is none. */
  readonly survivor: Survivor | null;
  /** Fields that were said of the loser later than of the survivor. */
  readonly newer: readonly MergeField[];
}

interface MergeWish {
  readonly survivorId: string;
  /** Whose value counts, where the newer one that is not empty shall not. */
  readonly keep: { readonly [Field in MergeField]?: 'survivor' | 'loser' | undefined };
  readonly reason: string;
}

export function merge(loser: Account, wish: MergeWish, { now, facts, entityId }: DecisionContext<MergeFacts>): Decision<AccountFact> {
  const { survivorId, reason } = wish;
  if (loser.merged?.survivorId === survivorId) return [];
  if (loser.merged !== undefined) return livesOn(loser.merged.survivorId);
  if (facts.survivor === null) return invalid([{ pointer: '/survivorId', detail: 'There is no such account.' }]);
  if (survivorId === entityId || facts.survivor.id === entityId) return refuse('SameAccount', 'An account cannot be merged into itself.');
  if (facts.survivor.id !== survivorId) return livesOn(facts.survivor.id);
  const along = loser.absorbed.flatMap(({ loserId, along: others }) => [loserId, ...others]);
  if (along.length > ABSORBED_MAX) return refuse('TooManyMerges', `At most ${ABSORBED_MAX} accounts live on in one.`);
  const undoUntil = Temporal.Instant.from(now)
    .add({ hours: 24 * UNDO_DAYS })
    .toString({ fractionalSecondDigits: 3 });
  const { active, blocked } = loser;
  return [
    AccountMerged({ survivorId, along, take: takenOf(loser, wish, facts.newer, facts.survivor), active, blocked, reason, undoUntil }),
  ];
}

/** What is a person's stays with the person: of no account it gets into another. */
const OF_PERSON: readonly MergeField[] = ['phone'];
const OF_INDIVIDUAL: readonly MergeField[] = ['name', 'legalName', 'taxId', 'fax', 'website', 'address'];
const personal = ({
  personId,
  individual,
}: {
  readonly personId?: string | null | undefined;
  readonly individual?: boolean | undefined;
}) => [...(personId ? OF_PERSON : []), ...(personId && individual ? OF_INDIVIDUAL : [])];

function takenOf(loser: Account, { keep }: MergeWish, newer: readonly MergeField[], survivor: Survivor): Partial<AccountCard> {
  const stays = [...personal(loser.origin), ...personal(survivor)];
  const wanted = mergeFields.filter(field => {
    const [own, other] = [survivor.card[field], loser.card[field]];
    if (other === undefined || stays.includes(field)) return false;
    if (field === 'creditLimit' && loser.card.creditLimit?.currency !== survivor.card.currency) return false;
    return keep[field] === 'loser' || (keep[field] === undefined && (own === undefined || newer.includes(field)));
  });
  return Object.fromEntries(wanted.map(field => [field, loser.card[field]]));
}

type Absorption = Pick<DataOf<typeof AccountMerged>, 'along' | 'take' | 'active' | 'blocked' | 'undoUntil'> & { readonly loserId: string };

/** Done once. What was done is asked of the survivor: it may have been merged into yet another meanwhile. */
export function absorb(survivor: Account, { loserId, along, take, active, blocked, undoUntil }: Absorption): Decision<AccountFact> {
  if (survivor.absorbed.some(merge => merge.loserId === loserId)) return [];
  if (survivor.merged !== undefined) return livesOn(survivor.merged.survivorId);
  const { card, changed } = edited(AccountCard, survivor.card, fitting(survivor, take));
  const before = Object.fromEntries(changed.map(field => [field, survivor.card[field as MergeField]]));
  return [
    ...(changed.length === 0 ? [] : [AccountEdited({ ...card, ...survivor.origin, changed })]),
    AccountAbsorbed({ loserId, along, taken: changed, before, undoUntil }),
    ...(active && !survivor.active ? [AccountActivated({})] : []),
    ...(blocked && !survivor.blocked ? [AccountBlocked({ reason: 'An account that is blocked was merged into it' })] : []),
  ];
}

/** Lists agreed for certain days leave no room for another one beside them. */
const fitting = ({ agreements }: Account, { priceListId, ...take }: Absorption['take']): Absorption['take'] =>
  priceListId === undefined || agreements.length > 0 ? take : { ...take, priceListId };

/** The fields it took go back to what they held, save those that were edited since. Invoices and deals stay where they are. */
export function release(
  survivor: Account,
  { loserId }: { readonly loserId: string },
  { now }: DecisionContext<unknown>,
): Decision<AccountFact> {
  const merge = survivor.absorbed.find(known => known.loserId === loserId);
  if (merge === undefined) return [];
  if (survivor.merged !== undefined) return livesOn(survivor.merged.survivorId);
  if (now > merge.undoUntil) return refuse('TooLate', `This merge could be taken back until ${merge.undoUntil}.`);
  const back = Object.fromEntries(merge.taken.map(field => [field, merge.before[field as MergeField] ?? null]));
  const { card, changed } = edited(AccountCard, survivor.card, back);
  return [AccountReleased({ loserId }), ...(changed.length === 0 ? [] : [AccountEdited({ ...card, ...survivor.origin, changed })])];
}

/** Back on its own feet; silent where it lives on in another than this. */
export const restore = ({ merged }: Account, { survivorId }: { readonly survivorId: string }): Decision<AccountFact> =>
  merged?.survivorId === survivorId ? [AccountRestored({ along: merged.along })] : [];
