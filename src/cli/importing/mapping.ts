/** A mapping file: which CSV files there are, and which requests their rows become. Documented in docs/import.md. */
import { z } from 'zod';

/** What a value in a request is made of; see values.ts for what each form means. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

const Value: z.ZodType<Value> = z.lazy(() => z.union([z.string(), z.number(), z.boolean(), z.array(Value), z.record(z.string(), Value)]));

const Source = z.strictObject({
  file: z.string().min(1),
  /** Columns that together name a row. */
  key: z.array(z.string()).min(1),
  /** `comma-space`: an unquoted comma followed by a space belongs to the text and does not end the field. */
  repair: z.literal('comma-space').optional(),
});

const Step = z.strictObject({
  /** Part of every row's Idempotency-Key: a step that was imported once keeps its name. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** One request for each row of this source; absent: one request in all. */
  from: z.string().optional(),
  /** Only rows for which this is true. */
  where: Value.optional(),
  /** Rows ascend by these columns; absent: as in the file. */
  order: z.array(z.string()).optional(),
  /** One after the other instead of several at once. */
  inOrder: z.boolean().default(false),
  /** The record is made by the product itself a moment later; until it is there, the request is made again. */
  awaits: z.boolean().default(false),
  /** Path below /api/v1. */
  post: Value,
  /** Day or instant the fact happened, for the header Occurred-At. */
  occurredAt: Value.optional(),
  body: Value.default({}),
});
export type Step = z.output<typeof Step>;

export const Mapping = z.strictObject({
  /** Part of every row's Idempotency-Key: a mapping that was run once keeps its name. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** Texts that stand for nothing. */
  absent: z.array(z.string()).default(['']),
  sources: z.record(z.string(), Source),
  steps: z.array(Step).min(1),
});
export type Mapping = z.output<typeof Mapping>;
