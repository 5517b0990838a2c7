/** What decisions on records have in common: the record must exist, is begun once, and is edited field by field. */
import { z } from 'zod';
import type { DecisionContext } from '../kernel/command.ts';
import { type Decision, notFound } from '../kernel/decider.ts';

/** A decision on a record that must exist; where it does not, the answer is NotFound. The state of what does not exist is undefined. */
export const existing =
  <State, Wish, Facts, Fact>(
    noun: string,
    decide: (record: State, wish: Wish, context: DecisionContext<Facts>) => Decision<Fact>,
  ): ((record: State | undefined, wish: Wish, context: DecisionContext<Facts>) => Decision<Fact>) =>
  (record, wish, context) =>
    record === undefined ? notFound(noun, context.entityId) : decide(record, wish, context);

/** A decision that begins a record; asked again, as sagas do, it is silent. */
export const beginning =
  <State, Wish, Facts, Fact>(
    decide: (wish: Wish, context: DecisionContext<Facts>) => Decision<Fact>,
  ): ((record: State | undefined, wish: Wish, context: DecisionContext<Facts>) => Decision<Fact>) =>
  (record, wish, context) =>
    record === undefined ? decide(wish, context) : [];

/** What people say of a card: a field left out stays as it is, null empties it. */
export type Edit<Card> = { readonly [Field in keyof Card]?: Card[Field] | null | undefined };

/** The card after an edit, and the names of the fields that really changed. */
export function edited<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  card: z.output<z.ZodObject<Shape, z.core.$strict>>,
  wish: Edit<z.output<z.ZodObject<Shape, z.core.$strict>>>,
): { readonly card: z.output<z.ZodObject<Shape, z.core.$strict>>; readonly changed: string[] } {
  const said = Object.entries(wish).filter(([field, value]) => field in schema.shape && value !== undefined);
  const next = schema.parse({ ...card, ...Object.fromEntries(said.map(([field, value]) => [field, value ?? undefined])) });
  const text = (of: object, field: string) => JSON.stringify((of as Record<string, unknown>)[field]);
  return { card: next, changed: said.map(([field]) => field).filter(field => text(card, field) !== text(next, field)) };
}

type EditField<Schema> =
  Schema extends z.ZodOptional<infer Inner extends z.core.SomeType>
    ? z.ZodOptional<z.ZodNullable<Inner>>
    : Schema extends z.ZodDefault<infer Inner extends z.core.SomeType>
      ? z.ZodOptional<Inner>
      : Schema extends z.core.SomeType
        ? z.ZodOptional<Schema>
        : never;

/** The input of an edit from that of a creation: every field may be left out, null empties one that need not be filled. */
export const editable = <Shape extends z.ZodRawShape>(shape: Shape): { [Name in keyof Shape]: EditField<Shape[Name]> } =>
  Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, editableField(schema)])) as {
    [Name in keyof Shape]: EditField<Shape[Name]>;
  };

function editableField(schema: z.core.SomeType): z.ZodType {
  if (schema instanceof z.ZodOptional) return z.optional(z.nullable(schema.unwrap()));
  return z.optional(schema instanceof z.ZodDefault ? schema.unwrap() : schema);
}
