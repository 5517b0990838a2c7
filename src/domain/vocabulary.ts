/** Words that several contexts share. */
import { z } from 'zod';

/** Text as people type it: trimmed, not empty. NUL and lone surrogates are refused for every text at the door. */
export const Text = (max: number) => z.string().trim().min(1).max(max);

/** An id as the house makes them: letters, digits and, for composite ids, `~`. */
export const Id = z.string().regex(/^[A-Za-z0-9_.~-]{1,120}$/, 'An id of letters, digits and _.~-');

export const Day = z.iso.date();
export const Instant = z.iso.datetime();

/** Country code by ISO 3166-1 alpha-2, or the country's name where only that is known. */
export const Address = z.strictObject({
  name: Text(200).optional(),
  street: Text(200).optional(),
  city: Text(100).optional(),
  region: Text(100).optional(),
  postalCode: Text(20).optional(),
  country: Text(60).optional(),
});
export type Address = z.output<typeof Address>;

/** An address as facts keep it: plain, so that it stays readable whatever is asked of addresses later. */
export const PostalAddress = z.strictObject({
  name: z.string().optional(),
  street: z.string().optional(),
  city: z.string().optional(),
  region: z.string().optional(),
  postalCode: z.string().optional(),
  country: z.string().optional(),
});

/** E-mail addresses are compared and kept in lower case. */
export const Email = z.email().max(254).toLowerCase();

export const Reason = Text(500);

const TERM_DAYS_MAX = 365;
/** Days from the issue of an invoice to its last day for payment. */
export const TermDays = z.int().min(0).max(TERM_DAYS_MAX);
