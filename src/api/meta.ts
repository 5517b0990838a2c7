/** What the caller may ask and tell, noun by noun, for programs that draw screens: made of the same definitions the routes are made of. */
import { z } from 'zod';
import { createSchema } from 'zod-openapi';
import type { AnyCommand } from '../kernel/command.ts';
import type { Registry } from '../kernel/module.ts';
import { type AnyQuery, type ClockName, clocksOf } from '../kernel/query.ts';
import type { SignedIn } from '../runtime/identity/port.ts';
import { type Endpoint, pathNames, routeParts } from './endpoint.ts';
import { noParameters } from './input.ts';

const Schema = z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema' });

const Operation = z.strictObject({
  type: z.string(),
  summary: z.string(),
  path: z.string().meta({ description: 'Below /api/v1, with `:name` for names in it' }),
  /** Names of the path left out. */
  input: Schema,
  output: Schema.optional(),
  clocks: z.array(z.enum(['recorded', 'happened'])),
});
type Operation = z.output<typeof Operation>;

const Noun = z.strictObject({
  noun: z.string().meta({ description: 'First part of its paths, e.g. `sales-orders`' }),
  module: z.string(),
  category: z.string().nullable().meta({ description: 'Category of its records in references and history, e.g. `salesOrder`' }),
  list: Operation.nullable(),
  record: Operation.nullable(),
  views: z.array(Operation).meta({ description: 'Queries below one record, such as its prices' }),
  creates: z.array(Operation).meta({ description: 'Commands that begin a record' }),
  commands: z.array(Operation).meta({ description: 'Commands on a record' }),
});
type Noun = z.output<typeof Noun>;

export function metaEndpoint(registry: Registry): Endpoint {
  const parts = registry.modules.flatMap(({ name, commands, queries }) => [...commands.map(of(name)), ...queries.map(of(name))]);
  return {
    type: 'ShowMeta',
    summary: 'The nouns the caller may see or change: lists, records and commands with their JSON Schemas.',
    module: 'live',
    kind: 'query',
    method: 'GET',
    path: '/meta',
    access: 'signed-in',
    status: 200,
    input: z.strictObject({}),
    output: z.strictObject({ nouns: z.array(Noun) }),
    handle: async ({ input }, who) => {
      noParameters(input);
      return { status: 200, body: { nouns: nounsFor(who, parts) } };
    },
  };
}

interface Part {
  readonly module: string;
  readonly noun: string;
  readonly permission: AnyQuery['permission'];
  readonly role: 'list' | 'record' | 'views' | 'creates' | 'commands';
  readonly category: string | null;
  readonly operation: Operation;
}

const of =
  (module: string) =>
  (definition: AnyCommand | AnyQuery): Part | undefined => {
    if (definition.route === undefined) return undefined;
    const { method, path } = routeParts(definition.route);
    const [, noun = '', ...rest] = path.split('/');
    const isQuery = method === 'GET';
    const role = isQuery ? queryRole(rest) : rest.length === 0 ? 'creates' : rest[0]?.startsWith(':') ? 'commands' : undefined;
    if (role === undefined) return undefined;
    return {
      module,
      noun,
      role,
      permission: definition.permission,
      category: 'decider' in definition ? definition.decider.category : null,
      operation: operationOf(definition, path),
    };
  };

function queryRole([name, below, ...deeper]: readonly string[]): 'list' | 'record' | 'views' | undefined {
  if (name === undefined) return 'list';
  if (name !== ':id' || deeper.length > 0) return undefined;
  return below === undefined ? 'record' : 'views';
}

function operationOf(definition: AnyCommand | AnyQuery, path: string): Operation {
  const isQuery = 'output' in definition;
  return {
    type: definition.type,
    summary: definition.summary,
    path,
    input: withoutNames(schemaOf(definition.input, 'input'), pathNames(path)),
    ...(isQuery ? { output: schemaOf(definition.output, 'output') } : {}),
    clocks: isQuery ? [...(clocksOf(definition) as ClockName[])] : [],
  };
}

type Json = Record<string, unknown>;

/** With all that it refers to within it, so that each stands alone. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { schema: made, components } = createSchema(schema, { io, openapiVersion: '3.1.0', schemaRefPath: '#/$defs/' });
  return Object.keys(components).length === 0 ? (made as Json) : { ...(made as Json), $defs: components };
}

function withoutNames(schema: Json, names: readonly string[]): Json {
  const { properties, required, ...rest } = schema as { properties?: Json; required?: string[] };
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))) }),
    ...(required && { required: required.filter(name => !names.includes(name)) }),
  };
}

function nounsFor({ caller }: SignedIn, parts: readonly (Part | undefined)[]): Noun[] {
  const visible = parts.filter(part => part !== undefined).filter(({ permission }) => caller.mayOwn(permission));
  return [...Map.groupBy(visible, ({ noun }) => noun)].map(([noun, of]) => ({
    noun,
    module: of[0]?.module ?? '',
    category: of.find(({ category }) => category !== null)?.category ?? null,
    list: of.find(({ role }) => role === 'list')?.operation ?? null,
    record: of.find(({ role }) => role === 'record')?.operation ?? null,
    views: of.filter(({ role }) => role === 'views').map(({ operation }) => operation),
    creates: of.filter(({ role }) => role === 'creates').map(({ operation }) => operation),
    commands: of.filter(({ role }) => role === 'commands').map(({ operation }) => operation),
  }));
}
