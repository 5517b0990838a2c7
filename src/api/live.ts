/** The live feed over HTTP, as server-sent events. */
import { once } from 'node:events';
import type { Response } from 'express';
import { z } from 'zod';
import type { Registry } from '../kernel/module.ts';
import type { Identity, SignedIn } from '../runtime/identity/port.ts';
import type { Listener, LiveFeed, Notice, Tiding } from '../runtime/live/feed.ts';
import { viewsBehind } from '../runtime/live/sight.ts';
import { credentials } from './auth.ts';
import type { ConsistencyTokens } from './consistency.ts';
import type { Answer, Asked, Endpoint } from './endpoint.ts';
import { badParameters, Problem } from './problem.ts';

export interface LiveSurroundings {
  readonly feed: LiveFeed;
  readonly registry: Registry;
  readonly identity: Pick<Identity, 'callerOf'>;
  readonly tokens: ConsistencyTokens;
}

const FEEDS_MAX = 500;
const FEEDS_OF_ONE_MAX = 20;
const NAMES_MAX = 50;
const NAMES_LENGTH_MAX = 4_000;
/** A reader whose connection takes nothing for so long is gone. */
const STUCK_MS = 20_000;
/** How long browsers wait before they come back. */
const RETRY_MS = 1_000;

const Names = z
  .string()
  .max(NAMES_LENGTH_MAX)
  .transform(text => text.split(',').filter(name => name !== ''))
  .refine(names => names.length > 0 && names.length <= NAMES_MAX, `From 1 to ${NAMES_MAX} names, with commas between them`);

const Wish = z.strictObject({
  categories: Names.optional().meta({ description: 'Kinds of records, e.g. `deal,lead`' }),
  records: Names.optional().meta({ description: 'Records as `category-id`, e.g. `deal-01J…`' }),
  queries: Names.optional().meta({ description: 'Queries by their type, e.g. `ShowDealBoard`: events that may change their answers' }),
});

const Change = z
  .strictObject({
    position: z.string(),
    category: z.string().meta({ description: 'Kind of the record' }),
    id: z.string().meta({ description: 'Id of the record' }),
    revision: z.int(),
    type: z.string().meta({ description: 'Kind of event' }),
    recordedAt: z.iso.datetime(),
    mine: z.boolean().meta({ description: 'Whether you did it yourself, by whatever session or key' }),
    token: z.string().meta({ description: 'Consistency-Token: a query that carries it shows the change' }),
  })
  .meta({ id: 'LiveChange' });

const LAST_EVENT_ID = /^\d{1,20}$/;

export function liveEndpoint({ feed, registry, identity, tokens }: LiveSurroundings): Endpoint {
  const open = new Map<string, number>();
  return {
    type: 'Feed',
    summary:
      'What changes from now on, or since `Last-Event-ID`, as server-sent events: `change` for each event you may know of, `ready` ' +
      'once nothing more is missed, `reset` when too much was missed and all must be asked anew. Filters widen each other; without any, everything is told.',
    module: 'live',
    kind: 'query',
    method: 'GET',
    path: '/feed',
    access: 'signed-in',
    status: 200,
    input: Wish,
    output: Change,
    media: 'text/event-stream',
    handle: async (asked, who) => {
      const listener = { again: againOf(asked, identity), wants: wishOf(asked, registry), ...lastHeard(asked) };
      admit(open, who.principalId);
      return answer(gone => feed.listen({ ...listener, gone }), { who, tokens, left: () => leave(open, who.principalId) });
    },
  };
}

/** Too many feeds of one are a program gone wrong; too many in all are more than this process can serve. */
function admit(open: Map<string, number>, principal: string): void {
  const own = open.get(principal) ?? 0;
  if (own >= FEEDS_OF_ONE_MAX) throw new Problem(429, 'TooManyFeeds', `At most ${FEEDS_OF_ONE_MAX} feeds can be open at once.`, soon);
  const all = open.values().reduce((sum, count) => sum + count, 0);
  if (all >= FEEDS_MAX) throw new Problem(503, 'Overloaded', 'Too many feeds are open; try again shortly.', soon);
  open.set(principal, own + 1);
}

const soon = { headers: { 'Retry-After': '5' } };

function leave(open: Map<string, number>, principal: string): void {
  const left = (open.get(principal) ?? 1) - 1;
  if (left > 0) open.set(principal, left);
  else open.delete(principal);
}

const againOf =
  ({ request }: Asked, identity: Pick<Identity, 'callerOf'>) =>
  (): Promise<SignedIn | undefined> =>
    identity.callerOf(credentials(request)?.token ?? '');

/** @throws Problem 400 for what is not named here */
function wishOf({ input }: Asked, registry: Registry): (notice: Notice) => boolean {
  const parsed = Wish.safeParse(input);
  if (!parsed.success)
    throw badParameters(
      parsed.error.issues.map(({ path, message }) => ({ pointer: `/${path.join('/')}`, detail: message })),
      [],
    );
  const { categories, records, queries } = parsed.data;
  if (categories === undefined && records === undefined && queries === undefined) return () => true;
  const views = new Set((queries ?? []).flatMap(name => viewsOf(name, registry)));
  const kinds = new Set(categories);
  const streams = new Set(records);
  return ({ category, recordId, changed }) =>
    kinds.has(category) || streams.has(`${category}-${recordId}`) || changed.some(({ view }) => views.has(view));
}

function viewsOf(name: string, { queries }: Registry): readonly string[] {
  const query = queries.get(name);
  if (query === undefined) throw badParameters([{ pointer: '/queries', detail: `There is no query ${name}.` }], []);
  return viewsBehind(query);
}

function lastHeard({ request }: Asked): Pick<Listener, 'after'> {
  const given = request.get('Last-Event-ID');
  if (given === undefined || given === '') return {};
  if (!LAST_EVENT_ID.test(given)) throw new Problem(400, 'BadHeader', 'Last-Event-ID: the id of a change told before is expected.');
  return { after: BigInt(given) };
}

interface Telling {
  readonly who: SignedIn;
  readonly tokens: ConsistencyTokens;
  /** Called once, when the reader is gone. */
  left(): void;
}

type Tidings = (gone: AbortSignal) => AsyncIterable<Tiding>;

const answer = (tidings: Tidings, telling: Telling): Answer => ({
  status: 200,
  // A proxy that gathers what it passes on would keep changes back.
  headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
  stream: response => void tell(response, tidings, telling),
});

/** Writes until the reader is gone, lags, or may hear no more; whoever comes back goes on from the last id they have. */
async function tell(response: Response, tidings: Tidings, { who, tokens, left }: Telling): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    if (response.req.method === 'HEAD' || response.destroyed) return;
    response.write(`retry: ${RETRY_MS}\n\n`);
    for await (const tiding of tidings(gone.signal)) {
      if (!response.write(await textOf(tiding, who, tokens))) await once(response, 'drain', { signal: AbortSignal.timeout(STUCK_MS) });
    }
  } catch (error) {
    // What interrupted it is told in the log; the reader comes back and is answered properly.
    response.locals['code'] = error instanceof Error ? error.name : 'Error';
  } finally {
    left();
    if (response.writableNeedDrain) response.destroy();
    else response.end();
  }
}

async function textOf(tiding: Tiding, who: SignedIn, tokens: ConsistencyTokens): Promise<string> {
  const position = tiding.kind === 'change' ? tiding.notice.position : tiding.position;
  const id = position === undefined ? '' : `id: ${position}\n`;
  // An id alone moves the place to resume from, and is no message.
  if (tiding.kind === 'beat') return id === '' ? ': \n\n' : `${id}\n`;
  const data = tiding.kind === 'change' ? await changeOf(tiding.notice, who, tokens) : {};
  return `${id}event: ${tiding.kind}\ndata: ${JSON.stringify(data)}\n\n`;
}

const changeOf = async (notice: Notice, { caller }: SignedIn, tokens: ConsistencyTokens): Promise<z.output<typeof Change>> => ({
  position: notice.position.toString(),
  category: notice.category,
  id: notice.recordId,
  revision: notice.revision,
  type: notice.type,
  recordedAt: notice.recordedAt,
  mine: notice.actorId === caller.actor.id,
  token: await tokens.tokenOf(notice.position),
});
