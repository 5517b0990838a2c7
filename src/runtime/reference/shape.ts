/** Schemas as short text for people: `{ name text, tags? list of text }`. */
import { z } from 'zod';

interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly description?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface FieldLine {
  readonly name: string;
  readonly required: boolean;
  readonly shape: string;
  readonly description: string;
}

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Schema => z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema;

/** The members of an object's schema; those of its first alternative where it has several. */
export function fieldsOf(schema: z.ZodType, io: 'input' | 'output'): readonly FieldLine[] {
  const whole = schemaOf(schema, io);
  const { properties = {}, required = [] } = objectIn(whole, whole);
  return Object.entries(properties).map(([name, field]) => ({
    name,
    required: required.includes(name),
    shape: shapeOf(field, whole.$defs),
    description: field.description ?? '',
  }));
}

function objectIn(schema: Schema, whole: Schema): Schema {
  const target = schema.$ref === undefined ? schema : (whole.$defs?.[nameIn(schema.$ref)] ?? {});
  const [first] = target.anyOf ?? target.oneOf ?? [];
  return target.properties === undefined && first !== undefined ? objectIn(first, whole) : target;
}

/** A schema in one line. */
export function shapeIn(schema: z.ZodType, io: 'input' | 'output'): string {
  const whole = schemaOf(schema, io);
  return shapeOf(whole, whole.$defs);
}

const nameIn = (ref: string): string => ref.split('/').at(-1) ?? '';

const FORMATS: Readonly<Record<string, string>> = { date: 'date', 'date-time': 'instant', email: 'e-mail', uuid: 'UUID', uri: 'address' };
const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'integer',
  number: 'number',
  boolean: 'true or false',
  null: 'null',
};

type Definitions = Schema['$defs'];

/** Shapes so common that they are told once, at the head of a page. */
const KNOWN = new Set(['Money']);

function shapeOf(schema: Schema, definitions: Definitions): string {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (schema.$ref !== undefined) return referredTo(nameIn(schema.$ref), definitions);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(value => String(value)).join(' | ');
  if (alternatives !== undefined) return [...new Set(alternatives.map(one => shapeOf(one, definitions)))].join(' or ');
  if (schema.properties !== undefined) return objectShape(schema, definitions);
  if (schema.items !== undefined) return `list of ${shapeOf(schema.items, definitions)}`;
  if (typeof schema.additionalProperties === 'object') return `by name: ${shapeOf(schema.additionalProperties, definitions)}`;
  const types = [schema.type ?? []].flat();
  const words = types.map(type => (type === 'string' ? (FORMATS[schema.format ?? ''] ?? 'text') : (WORDS[type] ?? type)));
  return words.length === 0 ? 'JSON' : words.join(' or ');
}

/** What a definition holds, written out; one that holds itself by its name. */
function referredTo(name: string, definitions: Definitions = {}): string {
  const { [name]: target, ...others } = definitions;
  return target === undefined || KNOWN.has(name) ? name : shapeOf(target, others);
}

function objectShape({ properties = {}, required = [] }: Schema, definitions: Definitions): string {
  const members = Object.entries(properties).map(
    ([name, field]) => `${name}${required.includes(name) ? '' : '?'} ${shapeOf(field, definitions)}`,
  );
  return members.length === 0 ? '{ }' : `{ ${members.join(', ')} }`;
}
