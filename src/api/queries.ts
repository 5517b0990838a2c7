import { type AnyQuery, clocksOf } from '../kernel/query.ts';
import { InvalidInput } from '../runtime/executor/port.ts';
import type { SignedIn } from '../runtime/identity/port.ts';
import type { AsOf, QueryRunner } from '../runtime/queries/port.ts';
import { asOfFrom, sinceFrom, type Times } from './as-of.ts';
import type { ConsistencyTokens } from './consistency.ts';
import { csvAnswer, csvAsked, type Sheet, sheetOf } from './csv.ts';
import { type Answer, type Asked, type Endpoint, pathNames, routeParts } from './endpoint.ts';
import { badParameters } from './problem.ts';

export interface QuerySurroundings extends Times {
  readonly queries: QueryRunner;
  readonly tokens: ConsistencyTokens;
}

export function queryEndpoint(query: AnyQuery, module: string, around: QuerySurroundings): Endpoint | undefined {
  if (query.route === undefined) return undefined;
  const { type, summary, permission, input, output, route } = query;
  const sheet = sheetOf(query);
  return {
    ...routeParts(route),
    type,
    summary,
    module,
    kind: 'query',
    access: permission,
    input,
    output,
    clocks: clocksOf(query),
    ...(sheet === undefined ? {} : { csv: true }),
    ...(query.compares === undefined ? {} : { compares: query.compares }),
    status: 200,
    handle: (asked, who) => handle({ query, names: pathNames(route), sheet }, asked, who, around),
  };
}

interface Offered {
  readonly query: AnyQuery;
  /** Names in its path. */
  readonly names: readonly string[];
  readonly sheet: Sheet | undefined;
}

async function handle({ query, names, sheet }: Offered, asked: Asked, who: SignedIn, around: QuerySurroundings): Promise<Answer> {
  const token = asked.request.get('Consistency-Token');
  const after = token === undefined ? {} : { after: await around.tokens.positionOf(token) };
  const { past, input } = whenOf(query, asked.input, around);
  const ask = (wish: Asked['input']): Promise<unknown> =>
    around.queries.askAny(query, wish, { caller: who.caller, ...after, ...past }).catch((error: unknown) => {
      throw error instanceof InvalidInput ? badParameters(error.errors, names) : error;
    });
  if (sheet !== undefined) {
    const { csv, input: wish } = csvAsked(asked, input);
    if (csv) return csvAnswer(sheet, ask, wish);
  }
  const body = await ask(input);
  return { status: 200, headers: { ...linksOf(asked, body), ...(past.asOf === undefined ? tagOf(body) : {}) }, body };
}

interface When {
  readonly past: { readonly asOf?: AsOf; readonly since?: AsOf };
  /** What the query itself takes. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A query that cannot be asked about the past does not know these names, and one that does not compare knows no `since`. */
function whenOf(query: AnyQuery, asked: Asked['input'], times: Times): When {
  const clocks = clocksOf(query);
  const asOf = clocks.length === 0 ? undefined : asOfFrom(asked, clocks, times);
  const since = query.compares === true ? sinceFrom(asked, times) : undefined;
  const names = [...(asOf === undefined ? [] : ['asOf', 'clock']), ...(since === undefined ? [] : ['since'])];
  const input = Object.fromEntries(Object.entries(asked).filter(([name]) => !names.includes(name)));
  return { past: { ...(asOf === undefined ? {} : { asOf }), ...(since === undefined ? {} : { since }) }, input };
}

/** The revision of the one record shown, for If-Match; nobody decides on what was once. */
const tagOf = (body: unknown): Record<string, string> =>
  typeof body === 'object' && body !== null && 'revision' in body ? { ETag: `"${body.revision}"` } : {};

/** The next page of a list, as a link (RFC 8288). */
function linksOf({ request }: Asked, body: unknown): Record<string, string> {
  const next = typeof body === 'object' && body !== null && 'next' in body ? body.next : null;
  if (typeof next !== 'string') return {};
  const [path = '', search = ''] = request.originalUrl.split('?');
  const query = new URLSearchParams(search);
  query.set('cursor', next);
  return { Link: `<${path}?${query}>; rel="next"` };
}
