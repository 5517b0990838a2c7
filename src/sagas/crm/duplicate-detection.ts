import { detectDuplicate } from '../../commands/crm/duplicate-case.ts';
import { AccountCreated } from '../../domain/crm/account.ts';
import { ContactAdded } from '../../domain/crm/contact.ts';
import { caseId } from '../../domain/crm/duplicate-case.ts';
import { LeadCaptured } from '../../domain/crm/lead.ts';
import type { Noun, Resemblance } from '../../domain/crm/likeness.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { type Step, saga } from '../../kernel/saga.ts';

interface Begun {
  readonly ownerId: string;
  readonly resembles?: readonly Resemblance[] | undefined;
}

const concerned = ({ resembles }: Begun, { entityId }: ViewMeta): readonly string[] => (resembles === undefined ? [] : [entityId]);

/** One case for each record that the new one resembles. */
const detected =
  (noun: Noun) =>
  (_: null, { ownerId, resembles = [] }: Begun, newer: string): Step<null, never> => ({
    send: resembles.map(({ id, strength, by }) =>
      detectDuplicate({ id: caseId(id, newer), noun, records: [id, newer], strength, by, ownerId }),
    ),
    finished: true,
  });

/** What a new record resembles was frozen into its first fact; here it becomes cases for somebody to look at. */
export const duplicateDetection = saga({
  name: 'duplicate-detection',
  stateVersion: 1,
  events: [AccountCreated, ContactAdded, LeadCaptured],
  startedBy: ['AccountCreated', 'ContactAdded', 'LeadCaptured'],
  instances: { AccountCreated: concerned, ContactAdded: concerned, LeadCaptured: concerned },
  initial: (): null => null,
  on: { AccountCreated: detected('account'), ContactAdded: detected('contact'), LeadCaptured: detected('lead') },
  alarms: {},
  waits: {
    detection: () => ({ reason: 'What this record resembles is being noted.', next: 'Its duplicate cases can be looked at.' }),
  },
  waitsFor: () => 'detection',
  onAbandon: () => ({ stays: 'The record stays, without cases for those it resembles.' }),
  about: id => ({ category: 'record', id }),
});
