import { ulid } from 'ulid';
import { z } from 'zod';
import type { AnyCommand, RecordRef } from '../kernel/command.ts';
import type { Registry } from '../kernel/module.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Execution, Executor, Outcome } from '../runtime/executor/port.ts';
import type { Identity, SignedIn } from '../runtime/identity/port.ts';
import { digest, uuidv5 } from '../runtime/ids.ts';
import type { KeptAnswer } from '../runtime/requests.ts';
import type { Happening, Rest } from '../runtime/sagas/rest.ts';
import type { ConsistencyTokens } from './consistency.ts';
import { type Asked, type Endpoint, pathNames, routeParts } from './endpoint.ts';
import { idempotencyKey, ifMatch, occurredAt, preferredWait } from './headers.ts';
import { type Once, REPLAYED } from './idempotency.ts';
import { forbidden, problemAnswer, refusedBy, stale } from './problem.ts';

export interface CommandSurroundings {
  readonly registry: Registry;
  readonly executor: Executor;
  readonly identity: Pick<Identity, 'settled'>;
  readonly tokens: ConsistencyTokens;
  readonly once: Once;
  readonly rest: Pick<Rest, 'reached'>;
  readonly clock: Clock;
  /** IANA name of the company's time zone. */
  readonly timeZone: string;
}

/** Below this all routes of the product lie. */
export const BASE = '/api/v1';

const CommandAnswer = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the record the command was for' }),
    revision: z.int().meta({ description: 'Revision of the record after the command; -1 for a record without events' }),
    position: z.string().nullable().meta({ description: 'Position in the whole log that shows the effect, as decimal text' }),
  })
  .meta({ id: 'CommandAnswer', description: 'What a command came to. Views show it once they have passed the position.' });

export function commandEndpoint(command: AnyCommand, module: string, around: CommandSurroundings): Endpoint | undefined {
  if (command.route === undefined) return undefined;
  const { type, summary, permission, input, route } = command;
  return {
    ...routeParts(route),
    type,
    summary,
    module,
    kind: 'command',
    access: permission,
    input,
    output: CommandAnswer,
    status: command.entityId === undefined ? 201 : 200,
    handle: (asked, who) => handle(command, route, asked, who, around),
  };
}

async function handle(command: AnyCommand, route: string, asked: Asked, who: SignedIn, around: CommandSurroundings): Promise<KeptAnswer> {
  const key = idempotencyKey(asked.request);
  const execution: Execution = {
    caller: who.caller,
    commandId: uuidv5('command', who.principalId, route, key ?? ulid()),
    traceparent: asked.traceparent,
    ...(await conditions(asked, who, around)),
  };
  let happened: Happening | undefined;
  const run = async (): Promise<KeptAnswer> => {
    const outcome = await around.executor.execute({ command: command.type, input: asked.input }, execution);
    if (command.changesRights && outcome.kind === 'done' && outcome.position !== undefined) await around.identity.settled(outcome.position);
    happened = happeningOf(outcome);
    return answerOf(command, outcome, asked, around);
  };
  const hash = digest([asked.input, asked.request.get('Occurred-At')]);
  const answer = key === undefined ? await run() : await around.once({ principal: who.principalId, route, key }, hash, run);
  return happened === undefined ? answer : atRest(answer, happened, asked, around);
}

const happeningOf = (outcome: Outcome): Happening | undefined =>
  outcome.kind === 'done' && outcome.thread !== undefined && outcome.position !== undefined
    ? { threads: [outcome.thread], position: outcome.position }
    : undefined;

/** Who prefers to wait hears of what was done once all that follows of itself is done, too; or without that, when it takes too long. */
async function atRest(
  answer: KeptAnswer,
  happened: Happening,
  { request }: Asked,
  { rest, tokens }: CommandSurroundings,
): Promise<KeptAnswer> {
  const waitMs = preferredWait(request);
  // What was done is done, also where nobody can tell what follows.
  const position = waitMs === undefined ? undefined : await rest.reached(happened, waitMs).catch(() => undefined);
  if (position === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, ...(await tokenHeader(position, tokens)), 'Preference-Applied': 'wait' } };
}

async function conditions(
  { request }: Asked,
  who: SignedIn,
  { clock, timeZone, tokens }: CommandSurroundings,
): Promise<Partial<Execution>> {
  const revision = ifMatch(request);
  const token = request.get('Consistency-Token');
  const happened = occurredAt(request, { now: clock.now(), timeZone });
  if (happened !== undefined && !who.caller.may('platform:backdate')) throw forbidden('Your roles do not allow back-dating.');
  return {
    ...(revision === undefined ? {} : { ifMatch: revision }),
    ...(happened === undefined ? {} : { occurredAt: happened }),
    ...(token === undefined ? {} : { after: await tokens.positionOf(token) }),
  };
}

/** A refusal is an answer like any other and is kept; what may turn out otherwise when tried again is thrown. */
async function answerOf(
  command: AnyCommand,
  outcome: Outcome,
  asked: Asked,
  { registry, tokens }: CommandSurroundings,
): Promise<KeptAnswer> {
  if (outcome.kind === 'forbidden') throw forbidden();
  if (outcome.kind === 'stale') throw stale(outcome.revision);
  if (outcome.kind === 'refused') {
    const { status, headers = {}, body } = problemAnswer(refusedBy(outcome.refusal), asked.traceId);
    return { status, headers: { ...headers, ...(await tokenHeader(outcome.position, tokens)) }, body };
  }
  const { record, revision, position, repeated } = outcome;
  const created = command.entityId === undefined;
  return {
    status: created ? 201 : 200,
    headers: {
      ...(revision < 0 ? {} : { ETag: `"${revision}"` }),
      ...(await tokenHeader(position, tokens)),
      ...(repeated ? REPLAYED : {}),
      ...(created ? { Location: locationOf(registry, asked.request.path, record) } : {}),
    },
    body: { id: record.id, revision, position: position?.toString() ?? null },
  };
}

/** By the token of an answer, a refusal's too, the next question sees all that the command did, and gave back. */
const tokenHeader = async (position: bigint | undefined, tokens: ConsistencyTokens): Promise<Record<string, string>> =>
  position === undefined ? {} : { 'Consistency-Token': await tokens.tokenOf(position) };

/** Where the new record can be asked for: below the collection it was posted to, or else the one named after its kind. */
function locationOf(registry: Registry, postedTo: string, { category, id }: RecordRef): string {
  const routes = new Set([...registry.queries.values()].map(({ route }) => route?.replace(/:\w+$/, ':')));
  const own = postedTo.slice(BASE.length);
  const kebab = category.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
  const named = `/${kebab.endsWith('y') ? `${kebab.slice(0, -1)}ies` : `${kebab}s`}`;
  const collection = pathNames(own).length === 0 && routes.has(`GET ${own}/:`) ? own : named;
  return `${BASE}${collection}/${encodeURIComponent(id)}`;
}
