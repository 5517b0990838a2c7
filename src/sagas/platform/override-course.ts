import { escalateOverride, expireOverride, settleOverride } from '../../commands/platform/approval.ts';
import { ApprovalStream } from '../../domain/platform/approval.ts';
import { escalatedLetter } from '../../effects/platform/escalated-letter.ts';
import { finished, saga } from '../../kernel/saga.ts';

/** Long past any request's patience: whoever leant on the approval has died or given up. */
const PATIENCE = 'PT10M';
const VALID = 'PT24H';

interface State {
  readonly status: 'pending' | 'escalated' | 'approved';
}

const remaining = (from: string, until: string): string => {
  const left = Temporal.Instant.from(from).until(until);
  return left.sign < 0 ? 'PT0S' : left.toString();
};

/** Watches the clock of an approval: until it is decided, until it expires, and until the command that leant on it is known to have come to its end. */
export const overrideCourse = saga({
  name: 'override-course',
  stateVersion: 1,
  events: ApprovalStream.events,
  startedBy: ['OverrideRequested', 'OverrideGivenBack'],
  instances: {
    OverrideRequested: (_, { entityId }) => [entityId],
    OverrideApproved: (_, { entityId }) => [entityId],
    OverrideRejected: (_, { entityId }) => [entityId],
    OverrideWithdrawn: (_, { entityId }) => [entityId],
    OverrideEscalated: (_, { entityId }) => [entityId],
    OverrideUsed: (_, { entityId }) => [entityId],
    OverrideGivenBack: (_, { entityId }) => [entityId],
    OverrideExpired: (_, { entityId }) => [entityId],
  },
  initial: (): State => ({ status: 'pending' }),
  on: {
    OverrideRequested: (_, { decideWithinHours }) => ({ state: { status: 'pending' }, wake: { undecided: `PT${decideWithinHours}H` } }),
    OverrideEscalated: (_, _data, approvalId) => ({ state: { status: 'escalated' }, effects: [escalatedLetter({ approvalId })] }),
    OverrideApproved: () => ({ state: { status: 'approved' }, sleep: ['undecided'], wake: { unused: VALID } }),
    OverrideUsed: () => ({ sleep: ['unused'], wake: { unsettled: PATIENCE } }),
    OverrideGivenBack: (_, { expiresAt }, _approval, { recordedAt }) => ({
      state: { status: 'approved' },
      sleep: ['unsettled'],
      wake: { unused: remaining(recordedAt, expiresAt) },
    }),
    OverrideRejected: () => finished,
    OverrideWithdrawn: () => finished,
    OverrideExpired: () => finished,
  },
  alarms: {
    undecided: (_, id) => ({ send: [escalateOverride({ id })] }),
    unused: (_, id) => ({ send: [expireOverride({ id })] }),
    /** Should the command have vanished, the approval given back begins its course anew. */
    unsettled: (_, id) => ({ send: [settleOverride({ id })], forgotten: true }),
  },
  waits: {
    decision: ({ status }, id) => ({
      reason: `Somebody who may approve, and did not ask for it, has to decide${status === 'escalated' ? '; nobody did so in time' : ''}.`,
      next: 'Approved, it is good for one use within a day.',
      record: { category: 'approval', id },
      movedBy: { command: 'ApproveOverride', permission: 'platform:approve' },
    }),
    use: (_, id) => ({
      reason: 'The approval is there for who asked for it.',
      next: 'Unused, it expires a day after it was given.',
      record: { category: 'approval', id },
    }),
  },
  waitsFor: ({ status }) => (status === 'approved' ? 'use' : 'decision'),
  onAbandon: () => ({ stays: 'The approval stays as it is: it is told to nobody else and does not come to show as expired.' }),
  about: id => ({ category: 'approval', id }),
});
