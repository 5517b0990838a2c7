import { handOverAccount, handOverContact, handOverDeal, handOverLead } from '../../commands/crm/handover.ts';
import { HandoverOrdered, handedOver } from '../../domain/crm/handover.ts';
import type { RecordRef } from '../../kernel/command.ts';
import type { DataOf } from '../../kernel/event.ts';
import { saga } from '../../kernel/saga.ts';

interface State {
  readonly record: RecordRef;
}

const COMMANDS = { lead: handOverLead, account: handOverAccount, contact: handOverContact, deal: handOverDeal } as const;
type Record = DataOf<typeof HandoverOrdered>['records'][number];

const nameOf = (handoverId: string, { category, id }: RecordRef): string => `${handoverId}~${category}~${id}`;

function recordIn(instance: string): Record {
  const [, category, ...id] = instance.split('~');
  return { category: category as Record['category'], id: id.join('~') };
}

/** Gives each record of a handover to its new owner; one that cannot be given stops no other. */
export const handoverCourse = saga({
  name: 'handover-course',
  stateVersion: 1,
  events: [HandoverOrdered],
  startedBy: ['HandoverOrdered'],
  instances: { HandoverOrdered: ({ records }, { entityId }) => records.map(record => nameOf(entityId, record)) },
  initial: (): State => ({ record: { category: handedOver.leads, id: '' } }),
  on: {
    HandoverOrdered: (_, { to, reason, by }, instance) => {
      const record = recordIn(instance);
      return { state: { record }, send: [COMMANDS[record.category]({ id: record.id, ownerId: to, reason, by })], finished: true };
    },
  },
  alarms: {},
  waits: {
    giving: ({ record }) => ({
      reason: 'The record is being given to its new owner.',
      next: 'It is in the lists of the new owner.',
      record,
    }),
  },
  waitsFor: () => 'giving',
  onAbandon: () => ({ stays: 'The record stays with the owner it has.' }),
  about: recordIn,
});
