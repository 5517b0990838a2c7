/** Reading JSON Schemas for tables and forms. */
import type { Noun, Operation, Schema } from '../api/shapes.ts';

/** A schema with the reference it is looked up, and null taken out of its alternatives. */
export function bare(schema: Schema, root: Schema): Schema {
  if (schema.$ref !== undefined) return bare(root.$defs?.[schema.$ref.split('/').at(-1) ?? ''] ?? {}, root);
  const alternatives = (schema.anyOf ?? schema.oneOf)?.filter(one => one.type !== 'null');
  if (alternatives?.length === 1 && alternatives[0] !== undefined) return { ...bare(alternatives[0], root), ...describedBy(schema) };
  if (Array.isArray(schema.type)) {
    const [type] = schema.type.filter(one => one !== 'null');
    return type === undefined ? schema : { ...schema, type };
  }
  return schema;
}

const describedBy = ({ description }: Schema): Schema => (description === undefined ? {} : { description });

export type Kind =
  | 'text'
  | 'money'
  | 'quantity'
  | 'decimal'
  | 'day'
  | 'instant'
  | 'flag'
  | 'integer'
  | 'texts'
  | 'rows'
  | 'object'
  | 'other';

export function kindOf(schema: Schema, root: Schema): Kind {
  const { type, format, properties, items } = bare(schema, root);
  if (properties !== undefined) return isMoney(properties) ? 'money' : 'object';
  if (type === 'array' && items !== undefined) return bare(items, root).properties === undefined ? 'texts' : 'rows';
  if (format === 'date') return 'day';
  if (format === 'date-time') return 'instant';
  if (format === 'quantity' || format === 'decimal') return format;
  if (type === 'boolean') return 'flag';
  if (type === 'integer' || type === 'number') return 'integer';
  return type === 'string' ? 'text' : 'other';
}

const isMoney = (properties: NonNullable<Schema['properties']>): boolean =>
  Object.keys(properties).length === 2 && 'amount' in properties && 'currency' in properties;

export interface Part {
  readonly name: string;
  readonly kind: Kind;
  readonly schema: Schema;
}

/** Members of an object, each with its kind. */
export const partsOf = (object: Schema, root: Schema): readonly Part[] =>
  Object.entries(bare(object, root).properties ?? {}).map(([name, schema]) => ({
    name,
    kind: kindOf(schema, root),
    schema: bare(schema, root),
  }));

/** What the rows of a list hold. */
export function rowParts({ output }: Operation): readonly Part[] {
  const items = output?.properties?.['items'];
  return output === undefined || items?.items === undefined ? [] : partsOf(items.items, output);
}

/** Ids that a name stands beside say nothing more. */
const hasName = (name: string, parts: readonly Part[]): boolean =>
  isReference(name) &&
  parts.some(part => [`${name.slice(0, -2)}Name`, `${name.slice(0, -2)}Code`, `${name.slice(0, -2)}Number`].includes(part.name));

const QUIET = new Set(['id', 'statusCode', 'revision', 'next', 'process', 'correlationId', 'causationId', 'commandId']);

/** What is worth a column or a line for people. */
export const shownParts = (parts: readonly Part[]): readonly Part[] =>
  parts.filter(({ name }) => !QUIET.has(name) && !hasName(name, parts));

const COLUMNS_MAX = 8;
const WIDE: ReadonlySet<Kind> = new Set(['object', 'rows', 'other', 'texts']);
/** Seldom looked for in a list; the record has them. */
const RARE = new Set(
  'phone fax website legalName description notes currency personId channel warehouseCode dealId leadId net tax invoiceId deliveryId'.split(
    ' ',
  ),
);

/** What a list shows of each row: plain values, no more than fit. */
export const columnsOf = (list: Operation): readonly Part[] =>
  shownParts(rowParts(list))
    .filter(({ kind, name }) => !WIDE.has(kind) && !RARE.has(name))
    .slice(0, COLUMNS_MAX);

const TITLES = ['number', 'reference', 'name', 'sku', 'code', 'title', 'email'];

/** The member by which records of a kind are called; undefined where they have none. */
export const titlePart = (parts: readonly Part[]): string | undefined => TITLES.find(name => parts.some(part => part.name === name));

/** What a record is called; its id where it has no name. */
export function titleOf(row: Readonly<Record<string, unknown>>): string {
  const title = TITLES.map(name => row[name]).find(value => typeof value === 'string' && value !== '');
  return (title as string | undefined) ?? shortId(String(row['id'] ?? ''));
}

const SHORT = 8;
/** The end of an id, where those made about the same time differ. */
export const shortId = (id: string): string => (id.length > SHORT + 2 ? `…${id.slice(-SHORT)}` : id);

/** Numbers given by states and banks end in `Id` too, and are nobody's record. */
export const isReference = (name: string): boolean => name.endsWith('Id') && name !== 'taxId';

/** Nouns by what references call them: `accountId` → accounts. */
export const nounOfReference = (name: string, nouns: readonly Noun[]): Noun | undefined => {
  const wanted = name.replace(/Id$/, '');
  return nouns.find(({ category }) => category === wanted) ?? nouns.find(({ noun }) => noun === `${wanted}s`);
};
