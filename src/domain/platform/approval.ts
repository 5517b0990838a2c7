/**
 * An approval lets one rule of the house be set aside for once: asked for with evidence by who needs it, decided by somebody
 * else, good for one command on one record as it stood, for a day.
 */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { type Override, type OverrideUser, overrideRequired } from '../../kernel/override.ts';

/** The rules that can be set aside. */
export const overrideRules = [
  'stageSkip',
  'missingMandatoryField',
  'discountOverLimit',
  'belowMinimumMargin',
  'creditLimit',
  'winWithoutContract',
  'reopen',
  'mergeAcrossAccounts',
  'ownershipTakeOver',
  'editAfterLock',
] as const;
export type OverrideRule = (typeof overrideRules)[number];

/** Kinds of records whose commands know such rules. */
export const overrideCategories = ['salesOrder', 'deal'] as const;

/** What an approval is about, as facts keep it. */
export const Wanted = z.strictObject({
  rule: z.string(),
  command: z.string(),
  record: z.strictObject({ category: z.string(), id: z.string() }),
  revision: z.int(),
  terms: z.string(),
});

/** Something that speaks for the exception: a letter, a competitor's offer, a photograph. */
const Evidence = z.strictObject({ description: z.string(), link: z.string().optional() });

/** `decideWithinHours` as the company had it when the approval was asked for. */
export const OverrideRequested = event('OverrideRequested', {
  ...Wanted.shape,
  reason: z.string(),
  evidence: z.array(Evidence),
  requestedBy: z.string(),
  decideWithinHours: z.int(),
});
export const OverrideApproved = event('OverrideApproved', { note: z.string().optional(), expiresAt: z.iso.datetime() });
export const OverrideRejected = event('OverrideRejected', { reason: z.string() });
export const OverrideWithdrawn = event('OverrideWithdrawn', {});
/** Nobody decided in time, so it is told to more people. */
export const OverrideEscalated = event('OverrideEscalated', {});
/** A command leans on it; no other one can. */
export const OverrideUsed = event('OverrideUsed', { commandId: z.string() });
/** That command came to nothing, so it is good again. */
export const OverrideGivenBack = event('OverrideGivenBack', { commandId: z.string(), expiresAt: z.iso.datetime() });
/** A day went by and nobody used it. */
export const OverrideExpired = event('OverrideExpired', {});

const events = [
  OverrideRequested,
  OverrideApproved,
  OverrideRejected,
  OverrideWithdrawn,
  OverrideEscalated,
  OverrideUsed,
  OverrideGivenBack,
  OverrideExpired,
] as const;
type Fact = EventOf<(typeof events)[number]>;

export type ApprovalStatus = 'Pending' | 'Approved' | 'Rejected' | 'Withdrawn' | 'Used' | 'Expired';

export interface Approval {
  readonly status: ApprovalStatus;
  readonly override: Override;
  readonly requestedBy: string;
  readonly escalated: boolean;
  /** From when and until when it is good. */
  readonly approvedAt?: string;
  readonly expiresAt?: string;
  /** Id of the command that leans on it. */
  readonly usedBy?: string | undefined;
}

const overrideOf = ({ rule, command, record, revision, terms }: Override): Override => ({ rule, command, record, revision, terms });

const VALID_HOURS = 24;

export const ApprovalStream = decider({
  category: 'approval',
  stateVersion: 1,
  events,
  initial: (): Approval | undefined => undefined,
  evolve: {
    OverrideRequested: (_, data): Approval => ({
      status: 'Pending',
      override: overrideOf(data),
      requestedBy: data.requestedBy,
      escalated: false,
    }),
    OverrideApproved: (approval, { expiresAt }) =>
      approval && { ...approval, status: 'Approved', approvedAt: approvedAt(expiresAt), expiresAt },
    OverrideRejected: approval => approval && { ...approval, status: 'Rejected' },
    OverrideWithdrawn: approval => approval && { ...approval, status: 'Withdrawn' },
    OverrideEscalated: approval => approval && { ...approval, escalated: true },
    OverrideUsed: (approval, { commandId }) => approval && { ...approval, status: 'Used', usedBy: commandId },
    OverrideGivenBack: approval => approval && { ...approval, status: 'Approved', usedBy: undefined },
    OverrideExpired: approval => approval && { ...approval, status: 'Expired' },
  },
});

const hoursFrom = (instant: string, hours: number): string =>
  Temporal.Instant.from(instant).add({ hours }).toString({ fractionalSecondDigits: 3 });
const approvedAt = (expiresAt: string): string => hoursFrom(expiresAt, -VALID_HOURS);

/** Commands each status permits. */
const PERMITS: Readonly<Record<ApprovalStatus, readonly string[]>> = {
  Pending: ['ApproveOverride', 'RejectOverride', 'WithdrawOverride'],
  Approved: ['WithdrawOverride'],
  Rejected: [],
  Withdrawn: [],
  Used: [],
  Expired: [],
};

const unfit = (status: ApprovalStatus, wanted: string): Refusal =>
  invalidTransition(`An approval that is ${status} cannot be ${wanted}.`, PERMITS[status]);

type Request = Override & Pick<DataOf<typeof OverrideRequested>, 'reason' | 'evidence'>;

/** `hours`: how long others may take to decide. */
export const request = (wish: Request, { actor, facts }: DecisionContext<{ readonly hours: number }>): Decision<Fact> => [
  OverrideRequested({ ...wish, requestedBy: actor.id, decideWithinHours: facts.hours }),
];

export function approve(
  approval: Approval,
  { note }: { readonly note?: string | undefined },
  { actor, now }: DecisionContext,
): Decision<Fact> {
  if (actor.id === approval.requestedBy) return selfApproval();
  if (approval.status === 'Approved') return [];
  if (approval.status !== 'Pending') return unfit(approval.status, 'approved');
  return [OverrideApproved({ note, expiresAt: hoursFrom(now, VALID_HOURS) })];
}

export function reject(approval: Approval, { reason }: { readonly reason: string }, { actor }: DecisionContext): Decision<Fact> {
  if (actor.id === approval.requestedBy) return selfApproval();
  if (approval.status === 'Rejected') return [];
  if (approval.status !== 'Pending') return unfit(approval.status, 'rejected');
  return [OverrideRejected({ reason })];
}

const selfApproval = (): Refusal =>
  refuse('SelfApproval', 'Who asked for an approval does not decide on it; withdraw it, or leave it to somebody else.');

export function withdraw({ status }: Approval): Decision<Fact> {
  if (status === 'Withdrawn') return [];
  if (status !== 'Pending' && status !== 'Approved') return unfit(status, 'withdrawn');
  return [OverrideWithdrawn({})];
}

export const escalate = ({ status, escalated }: Approval): Decision<Fact> =>
  status === 'Pending' && !escalated ? [OverrideEscalated({})] : [];

export const expire = ({ status }: Approval): Decision<Fact> => (status === 'Approved' ? [OverrideExpired({})] : []);

type Use = { readonly override: Override; readonly user: OverrideUser };

/**
 * Good once, for what was asked, to who asked, while its day lasts. The same command may come back to it, but with nothing else:
 * it may have found the record changed meanwhile.
 */
export function use(approval: Approval | undefined, wish: Use, { now }: DecisionContext): Decision<Fact> {
  const because = uselessBecause(approval, wish, now);
  if (because !== undefined) return overrideRequired(because, wish.override);
  return approval?.usedBy === wish.user.commandId ? [] : [OverrideUsed({ commandId: wish.user.commandId })];
}

function uselessBecause(approval: Approval | undefined, { override, user }: Use, now: string): string | undefined {
  if (approval === undefined || approval.requestedBy !== user.actorId) return 'You did not ask for this approval; ask for one of your own.';
  const { status, override: given, approvedAt = now, expiresAt = now } = approval;
  if (status !== 'Approved' && approval.usedBy !== user.commandId) return `This approval is ${status}, not Approved.`;
  if (now < approvedAt) return 'This approval was given later than that.';
  if (now >= expiresAt) return 'This approval has expired: it was good for a day.';
  if (given.rule !== override.rule || given.command !== override.command)
    return `This approval sets ${given.rule} aside for ${given.command}.`;
  if (given.record.category !== override.record.category || given.record.id !== override.record.id)
    return 'This approval is for another record.';
  if (given.revision !== override.revision) return 'The record has changed since this approval was asked for.';
  return given.terms === override.terms ? undefined : `This approval lets something else pass: ${given.terms}.`;
}

/** Who leaned on it came to nothing. */
export const giveBack = (approval: Approval | undefined, { commandId }: { readonly commandId: string }): Decision<Fact> =>
  approval?.usedBy === commandId && approval.expiresAt !== undefined
    ? [OverrideGivenBack({ commandId, expiresAt: approval.expiresAt })]
    : [];

/** `done`: whether the command that leans on it came to its end. */
export const settle = (approval: Approval, _: unknown, { facts }: DecisionContext<{ readonly done: boolean }>): Decision<Fact> =>
  approval.usedBy === undefined || facts.done ? [] : giveBack(approval, { commandId: approval.usedBy });
