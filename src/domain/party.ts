/** Who is on an invoice, frozen at issue: later changes of the account or of our own name do not reach it. */
import { z } from 'zod';
import { PostalAddress } from './vocabulary.ts';

export const Party = z.strictObject({
  name: z.string(),
  legalName: z.string().optional(),
  /** Number in the register of tax payers. */
  taxId: z.string().optional(),
  address: PostalAddress.optional(),
});
export type Party = z.output<typeof Party>;
