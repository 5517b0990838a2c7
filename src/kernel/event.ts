import { z } from 'zod';
import { type AnyPersonal, demandErasable, type Personal } from './personal.ts';

/** A fact of the business: what happened, in the past tense, with the data that say it whole. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** Turns the data of one version into the data of the next; history itself is never rewritten. */
export type Upcaster = (old: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** What every layer may know about an event's kind without knowing its data. */
export interface AnyEventDefinition {
  readonly type: string;
  readonly schema: z.ZodType;
  /** Version that new events are written with: one more than there are upcasters. */
  readonly version: number;
  /** Texts that belong to people: sealed in the log with the key of each, and lost with it. */
  readonly personal?: readonly AnyPersonal[];
  /** Reads stored data of any version as today's shape. @throws when the stored data are of no known shape */
  decode(stored: unknown, version: number): unknown;
}

/** A kind of event; called with data it builds a validated event. */
export interface EventDefinition<Type extends string, Schema extends z.ZodType> extends AnyEventDefinition {
  (data: z.input<Schema>): DomainEvent<Type, z.output<Schema>>;
  readonly type: Type;
  readonly schema: Schema;
  decode(stored: unknown, version: number): z.output<Schema>;
}

export type DataOf<D> = D extends { readonly schema: infer Schema extends z.ZodType } ? z.output<Schema> : never;

export type EventOf<D> = D extends { readonly type: infer Type extends string; readonly schema: infer Schema extends z.ZodType }
  ? DomainEvent<Type, z.output<Schema>>
  : never;

/**
 * One function per event type: how a state evolves, a view changes, a saga steps. A case left out or misspelt does not
 * compile. Written over `D['type']` with Extract, which keeps contextual typing of `data`.
 */
export type Handlers<D extends AnyEventDefinition, Subject, Result, Rest extends readonly unknown[] = []> = {
  readonly [Type in D['type']]: (subject: Subject, data: DataOf<Extract<D, { type: Type }>>, ...rest: Rest) => Result;
};

/**
 * Declares a kind of event. `shape` holds plain JSON shapes only: no transforms and no business rules, or old facts could
 * stop being readable. `upcasters[n]` turns version n + 1 into version n + 2. `personal` names the texts that belong to people;
 * an upcaster sees them as they were written, or the placeholder.
 */
export function event<Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
  options: {
    readonly upcasters?: readonly Upcaster[];
    readonly personal?: readonly Personal<z.output<z.ZodObject<Shape, z.core.$strict>>>[];
  } = {},
): EventDefinition<Type, z.ZodObject<Shape, z.core.$strict>> {
  const schema = z.strictObject(shape);
  const upcasters = options.upcasters ?? [];
  const version = upcasters.length + 1;
  const build = (data: z.input<typeof schema>) => ({ type, data: schema.parse(data) });
  const decode = (stored: unknown, storedVersion: number) => {
    if (storedVersion < 1 || storedVersion > version)
      throw new Error(`${type} of version ${storedVersion} is not known here; known are 1 to ${version}`);
    const current = upcasters.slice(storedVersion - 1).reduce((data, upcast) => upcast(data), stored as Record<string, unknown>);
    return schema.parse(current);
  };
  const { personal } = options;
  for (const { fields } of personal ?? []) demandErasable(type, schema, fields);
  return Object.assign(build, { type, schema, version, decode, ...(personal === undefined ? {} : { personal }) });
}
