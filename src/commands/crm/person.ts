import { z } from 'zod';
import { erase, Person } from '../../domain/crm/person.ts';
import { Id, Reason } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { knownPerson } from '../../projections/crm/persons.ts';

export const erasePerson = command({
  type: 'ErasePerson',
  summary:
    'Erases a person for good: the `personId` of a contact or account, or the id of a lead, a user or an invoice to an individual. What was said of them is read as `(erased)` everywhere, in all that is past too. A user is disabled first.',
  route: 'POST /persons/:id/erase',
  permission: 'platform:erase',
  decider: Person,
  input: z.strictObject({ id: Id, reason: Reason }),
  entityId: byId,
  facts: (_, { id }, ask) => ask(knownPerson, { id }),
  decide: erase,
});
