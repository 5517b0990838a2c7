/** What the inputs of several nouns of the context have in common. */
import { z } from 'zod';
import type { OwnerKnowledge } from '../../domain/crm/owner.ts';
import { Id, Reason, Text } from '../../domain/vocabulary.ts';
import type { Ask } from '../../kernel/command.ts';
import { findPerson } from '../../projections/platform/users.ts';

/** As people write it; compared by its digits. */
export const Phone = Text(40);

/** Name of a stage for programs. */
export const StageKey = z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/, 'A key of letters and digits, at most 40');

/** Begins a record although one is certainly the same; takes the right crm:force-duplicate. */
export const force = { force: z.strictObject({ reason: Reason }).optional() };

export const Assignment = z.strictObject({ id: Id, ownerId: Id, reason: Reason.optional() });

export async function knownOwner({ ownerId }: { readonly ownerId?: string | undefined }, ask: Ask): Promise<OwnerKnowledge> {
  if (ownerId === undefined) return {};
  const { person } = await ask(findPerson, { id: ownerId });
  return { ownerKnown: person !== null };
}
