/** The API reference as OpenAPI 3.1, made of the same definitions the routes are made of. */
import type { z } from 'zod';
import { createSchema } from 'zod-openapi';
import { BASE } from './commands.ts';
import { type Endpoint, pathNames } from './endpoint.ts';

type Json = { readonly [key: string]: unknown };

const SCHEMAS = '#/components/schemas/';
const ref = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

export function openapi(endpoints: readonly Endpoint[]): Json {
  const components: Record<string, unknown> = { Problem: problemSchema };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    const path = BASE + endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint, components) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Throughline', version: '1', description: about },
    servers: [{ url: '/' }],
    tags: [...new Set(endpoints.map(({ module }) => module))].map(name => ({ name })),
    paths,
    components: {
      schemas: components,
      responses,
      headers: answerHeaders,
      parameters: { ...requestHeaders, ...pastParameters, ...formatParameters },
      securitySchemes,
    },
    security: [{ bearer: [] }, { cookie: [] }],
  };
}

const about =
  'Commands are POST and carry an Idempotency-Key; queries are GET. A refusal is a problem (RFC 9457) whose `code` is stable. ' +
  'Money is `{ "amount": "12.34", "currency": "RON" }`; quantities, prices and rates are decimals as text.';

function operation(endpoint: Endpoint, components: Record<string, unknown>): Json {
  const { type, summary, module, access } = endpoint;
  return {
    operationId: type.charAt(0).toLowerCase() + type.slice(1),
    summary,
    tags: [module],
    'x-permission': access,
    ...(access === 'public' ? { security: [] } : {}),
    ...taken(endpoint, components),
    responses: { ...given(endpoint, components), ...refusals(endpoint) },
  };
}

/** Parameters and body: names in the path come from the path, the rest from the query string or the body. */
function taken(endpoint: Endpoint, components: Record<string, unknown>): Json {
  const names = pathNames(endpoint.path);
  const input = schemaOf(endpoint.input, 'input', components);
  const fields = members(input, components);
  const inPath = names.map(name => ({ name, in: 'path', required: true, schema: fields.properties[name] ?? { type: 'string' } }));
  if (endpoint.kind === 'query') {
    const parameters = Object.entries(fields.properties).filter(([name]) => !names.includes(name));
    const inQuery = parameters.map(([name, schema]) => ({ name, in: 'query', required: fields.required.includes(name), schema }));
    return { parameters: [...inPath, ...inQuery, ...ofThePast(endpoint), ...asCsv(endpoint), ref('parameters', 'ConsistencyToken')] };
  }
  const headers = endpoint.kind === 'command' ? Object.keys(requestHeaders) : endpoint.method === 'POST' ? ['IdempotencyKey'] : [];
  const body = without(input, names, components);
  const { properties, required } = members(body, components);
  return {
    parameters: [...inPath, ...headers.map(name => ref('parameters', name))],
    ...(Object.keys(properties).length === 0 && body['anyOf'] === undefined
      ? {}
      : { requestBody: { required: required.length > 0, content: { 'application/json': { schema: body } } } }),
  };
}

const ofThePast = ({ clocks = [], compares }: Endpoint): readonly Json[] => [
  ...(compares === true ? [ref('parameters', 'Since')] : []),
  ...(clocks.length > 0 ? [ref('parameters', 'AsOf')] : []),
  ...(clocks.length > 1 ? [ref('parameters', 'Clock')] : []),
];

const asCsv = ({ csv }: Endpoint): readonly Json[] => (csv === true ? [ref('parameters', 'Format')] : []);

function given(endpoint: Endpoint, components: Record<string, unknown>): Json {
  if (endpoint.status === 204) return { 204: { description: 'Done' } };
  const headers =
    endpoint.kind === 'command'
      ? ['ETag', 'ConsistencyToken', 'IdempotencyReplayed', 'PreferenceApplied']
      : endpoint.kind === 'query'
        ? ['Link']
        : [];
  const location = endpoint.status === 201 && endpoint.path !== '/sessions' ? ['Location'] : [];
  return {
    [endpoint.status]: {
      description: endpoint.status === 201 ? 'Created' : 'Done',
      headers: Object.fromEntries([...headers, ...location].map(name => [headerNames[name] ?? name, ref('headers', name)])),
      content: {
        [endpoint.media ?? 'application/json']: { schema: schemaOf(endpoint.output, 'output', components) },
        ...(endpoint.csv === true ? { 'text/csv': { schema: { type: 'string' } } } : {}),
      },
    },
  };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Record<string, unknown>): Json {
  const made = createSchema(schema, { io, openapiVersion: '3.1.0', schemaRefPath: SCHEMAS });
  Object.assign(components, made.components);
  return made.schema as Json;
}

const resolved = (schema: Json, components: Record<string, unknown>): Json =>
  typeof schema['$ref'] === 'string' ? (components[schema['$ref'].slice(SCHEMAS.length)] as Json) : schema;

function members(schema: Json, components: Record<string, unknown>) {
  const { properties = {}, required = [] } = resolved(schema, components);
  return { properties: properties as Record<string, unknown>, required: required as readonly string[] };
}

/** An object's schema without some members, through its alternatives. */
function without(schema: Json, names: readonly string[], components: Record<string, unknown>): Json {
  const whole = names.length === 0 ? schema : resolved(schema, components);
  const alternatives = ['anyOf', 'oneOf'].filter(key => Array.isArray(whole[key]));
  const { properties, required } = members(whole, components);
  return {
    ...whole,
    ...Object.fromEntries(alternatives.map(key => [key, (whole[key] as Json[]).map(part => without(part, names, components))])),
    ...(whole['properties'] === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))) }),
    ...(whole['required'] === undefined ? {} : { required: required.filter(name => !names.includes(name)) }),
  };
}

const STATUS_TEXTS = {
  400: 'Malformed, or an unknown or ill-formed parameter',
  401: 'Not signed in',
  403: 'The roles do not allow it',
  404: 'No such record, or none the caller may know of',
  409: 'Refused by a rule of the business; `code` names it',
  412: 'The record has another revision than If-Match names',
  413: 'The body is too large',
  415: 'The body is not JSON in UTF-8',
  422: 'Fields are not valid; `errors` point at them',
  429: 'Too many attempts',
  503: 'Not at the moment; try again after Retry-After',
} as const;
type Refused = keyof typeof STATUS_TEXTS;

const QUERY_REFUSALS: readonly Refused[] = [400, 404, 503];
const CHANGE_REFUSALS: readonly Refused[] = [400, 404, 409, 413, 415, 422, 503];

function refusals({ kind, access, path }: Endpoint): Json {
  const signedIn: readonly Refused[] = access === 'public' ? (path === '/sessions' ? [401, 403, 429] : []) : [401, 403];
  const stale: readonly Refused[] = kind === 'command' ? [412] : [];
  const all = [...(kind === 'query' ? QUERY_REFUSALS : CHANGE_REFUSALS), ...signedIn, ...stale];
  return Object.fromEntries(all.map(status => [status, ref('responses', `Problem${status}`)]));
}

const problemSchema: Json = {
  type: 'object',
  description: 'Problem details (RFC 9457)',
  properties: {
    type: { type: 'string', format: 'uri', description: 'Stable name of the kind of problem' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'The same name, short: StaleVersion, InsufficientStock …' },
    detail: { type: 'string', description: 'A sentence for the person who reads it' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { pointer: { type: 'string', description: 'JSON pointer (RFC 6901)' }, detail: { type: 'string' } },
        required: ['pointer', 'detail'],
      },
    },
    details: { type: 'object', description: 'Members that belong to the code, e.g. revision, existingId, permitted' },
    traceId: { type: 'string', description: 'By which the request is found in the log' },
  },
  required: ['type', 'title', 'status', 'code', 'detail', 'traceId'],
};

const responses = Object.fromEntries(
  Object.entries(STATUS_TEXTS).map(([status, description]) => [
    `Problem${status}`,
    {
      description,
      content: { 'application/problem+json': { schema: ref('schemas', 'Problem') } },
      ...(status === '503' || status === '429' ? { headers: { 'Retry-After': ref('headers', 'RetryAfter') } } : {}),
    },
  ]),
);

const text = (description: string) => ({ description, schema: { type: 'string' } });
const headerNames: Readonly<Record<string, string>> = {
  ConsistencyToken: 'Consistency-Token',
  IdempotencyReplayed: 'Idempotency-Replayed',
  PreferenceApplied: 'Preference-Applied',
};
const answerHeaders = {
  ETag: text('Revision of the record in double quotes, for If-Match'),
  ConsistencyToken: text('Hand it to a query, which then shows at least this command’s effect'),
  PreferenceApplied: text('`wait` where all that follows of itself is done; the token shows it'),
  IdempotencyReplayed: text('"true" where this is the answer of an earlier request with the same Idempotency-Key'),
  Location: text('Where the new record can be asked for'),
  Link: text('The next page, with rel="next"'),
  RetryAfter: { description: 'Seconds to wait', schema: { type: 'integer' } },
};

const header = (name: string, description: string) => ({ name, in: 'header', required: false, description, schema: { type: 'string' } });
const requestHeaders = {
  IdempotencyKey: header(
    'Idempotency-Key',
    'Up to 200 printable ASCII characters; the same key with the same body has one effect and one answer',
  ),
  IfMatch: header('If-Match', 'The revision that was seen, in double quotes; another one is answered 412'),
  OccurredAt: header(
    'Occurred-At',
    'Business time: an ISO 8601 instant, or a date, which means noon of that day here; needs platform:backdate',
  ),
  ConsistencyToken: header('Consistency-Token', 'Token of an earlier answer whose effect must be visible'),
  Prefer: header(
    'Prefer',
    '`wait=<seconds>`, at most 10: answer once the house has done all that follows of itself, or when they are over',
  ),
  Traceparent: header('traceparent', 'W3C trace context'),
};

const pastParameters = {
  Since: {
    name: 'since',
    in: 'query',
    required: true,
    description: 'The earlier instant, day or position of the log with which is compared, written as `asOf` is',
    schema: { type: 'string' },
  },
  AsOf: {
    name: 'asOf',
    in: 'query',
    required: false,
    description:
      'Shows what was known at an ISO 8601 instant, at the end of a day in the company’s time zone, or after the event at a position of the log; with `clock=happened` a day',
    schema: { type: 'string' },
  },
  Clock: {
    name: 'clock',
    in: 'query',
    required: false,
    description:
      '`recorded` (when absent): what the house knew then, by when it was recorded. `happened`: what is known today to have happened until the end of that business day',
    schema: { type: 'string', enum: ['recorded', 'happened'] },
  },
};

const formatParameters = {
  Format: {
    name: 'format',
    in: 'query',
    required: false,
    description: '`csv`, as `Accept: text/csv`: the whole list as a file, without `limit` and `cursor`',
    schema: { type: 'string', enum: ['csv'] },
  },
};

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The token of a session, or an API key' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'throughline_session', description: 'For browsers; changes need an Origin of our own' },
};
