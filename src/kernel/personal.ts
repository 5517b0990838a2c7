/** What facts and rows say of people: which texts belong to whom, and what stands in their place once the person is erased. */
import { z } from 'zod';

/** Stands where a text of an erased person stood. It is in no alphabet of addresses, so nobody can sign in or be written to by it. */
export const ERASED = '(erased)';

/** Type of the event by which a person is erased; its record, `person-<id>`, is the person. */
export const PERSON_ERASED = 'PersonErased';

/** Texts of an event that belong to one person. */
export interface Personal<Data> {
  /** Id of the person, from what is not personal itself; undefined where these texts are nobody's. */
  readonly person: (data: Data, recordId: string) => string | undefined;
  /** Members of the data, steps joined by dots; all texts within a member are meant. */
  readonly fields: readonly string[];
}

/** The same, as the runtime sees it. */
export interface AnyPersonal {
  readonly person: (data: never, recordId: string) => string | undefined;
  readonly fields: readonly string[];
}

/** Members that belong to the person the record itself is. */
export const ofRecord = (...fields: readonly string[]): Personal<unknown> => ({ person: (_, recordId) => recordId, fields });

/** Where the texts of one person are within some data. */
export interface PersonalPart {
  readonly person: string;
  /** Paths of texts, steps joined by dots. */
  readonly leaves: readonly string[];
}

type Json = { [member: string]: unknown };

/** Paths of all texts within the members named, in the order of the data. */
export const leavesOf = (data: unknown, fields: readonly string[]): readonly string[] =>
  fields.flatMap(path => within(at(data, path), path));

function within(value: unknown, path: string): readonly string[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => within(member, `${path}.${name}`));
}

/** What stands at a path; undefined where nothing does. */
export const at = (data: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, step) => (value as Json | undefined | null)?.[step], data);

/** A copy of the data with other texts at some paths; `texts` are in the order of the paths. */
export const withTexts = (data: unknown, leaves: readonly string[], texts: readonly string[]): unknown =>
  leaves.reduce((copy, path, index) => withText(copy, path.split('.'), texts[index]), data);

function withText(data: unknown, [step, ...steps]: readonly string[], text: unknown): unknown {
  if (step === undefined) return text;
  const copy = Array.isArray(data) ? [...data] : { ...(data as Json) };
  (copy as Json)[step] = withText((copy as Json)[step], steps, text);
  return copy;
}

/** A copy of the data without the texts at some paths. */
export const erasedAt = (data: unknown, leaves: readonly string[]): unknown =>
  withTexts(
    data,
    leaves,
    leaves.map(() => ERASED),
  );

/** Any value without any of its texts. Names of members stay. */
export function erasedWhole(value: unknown): unknown {
  if (typeof value === 'string') return ERASED;
  if (Array.isArray(value)) return value.map(erasedWhole);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, erasedWhole(member)]));
}

/** Sees that each field exists in the shape and admits the placeholder wherever it has texts. @throws Error naming the field that does not */
export function demandErasable(type: string, schema: z.ZodType, fields: readonly string[]): void {
  for (const path of fields) {
    const found = path.split('.').reduce<z.core.$ZodType | undefined>((inner, step) => inner && memberOf(bare(inner), step), schema);
    if (found === undefined) throw new Error(`${type} has no ${path}, which it calls personal`);
    if (!erasable(bare(found))) throw new Error(`${type} calls ${path} personal, which can hold other than plain texts`);
  }
}

const bare = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? bare(schema.unwrap()) : schema;

const memberOf = (schema: z.core.$ZodType, name: string): z.core.$ZodType | undefined =>
  schema instanceof z.ZodObject ? (schema.shape as Record<string, z.core.$ZodType>)[name] : undefined;

function erasable(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodString) return schema.safeParse(ERASED).success;
  if (schema instanceof z.ZodArray) return erasable(bare(schema.element));
  return schema instanceof z.ZodObject && Object.values(schema.shape).every(member => erasable(bare(member as z.core.$ZodType)));
}
