import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { Identity, SignedIn } from '../runtime/identity/port.ts';
import { admitted, type CookiePolicy } from './auth.ts';
import { BASE } from './commands.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import type { traceOf } from './headers.ts';
import { readInput } from './input.ts';
import { Problem } from './problem.ts';

/** Mounts one route per endpoint; another method on a known path answers 405 with what is allowed. */
export function endpointRouter(endpoints: readonly Endpoint[], identity: Identity, cookies: CookiePolicy): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const byPath = Map.groupBy(endpoints, endpoint => endpoint.path);
  for (const [path, offered] of [...byPath].sort(([one], [other]) => specificity(one, other))) {
    const route = router.route(BASE + path);
    const allowed = allow(offered);
    for (const endpoint of offered)
      route[lower(endpoint.method)]((request, response) => answer(endpoint, request, response, identity, cookies));
    route.all(otherMethods(allowed));
  }
  return router;
}

const otherMethods =
  (allowed: string): RequestHandler =>
  (request, response) => {
    if (request.method !== 'OPTIONS')
      throw new Problem(405, 'MethodNotAllowed', `This address knows ${allowed} only.`, { headers: { Allow: allowed } });
    response.status(204).set('Allow', allowed).end();
  };

/** Mounts what is only ever read and needs no signing in. */
export const readable = (router: Router, path: string, handler: RequestHandler): unknown =>
  router
    .route(path)
    .all((_request, response, next) => {
      response.locals['route'] = path;
      next();
    })
    .get(handler)
    .all(otherMethods('GET, HEAD'));

const lower = (method: Endpoint['method']) => method.toLowerCase() as 'get' | 'post' | 'put' | 'delete';

const allow = (offered: readonly Endpoint[]): string =>
  [...new Set(offered.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ');

/** Fixed words come before names, so that `/sessions/current` is never taken for a session of that id. */
const specificity = (one: string, other: string): number => (rank(one) < rank(other) ? -1 : 1);
const rank = (path: string): string => path.replace(/:\w+/g, '~');

/** Those asked give up by themselves before; after this somebody hangs. */
const ANSWER_MS_MAX = 15_000;

async function answer(endpoint: Endpoint, request: Request, response: Response, identity: Identity, cookies: CookiePolicy): Promise<void> {
  response.locals['route'] = endpoint.path;
  send(response, await inTime(answerTo(endpoint, request, response, identity, cookies)));
}

async function answerTo(
  endpoint: Endpoint,
  request: Request,
  response: Response,
  identity: Identity,
  cookies: CookiePolicy,
): Promise<Answer> {
  const who = await admitted(request, endpoint, identity, cookies);
  response.locals['principal'] = who?.principalId;
  const asked = { request, response, input: await readInput(request, response, endpoint), ...tracing(response) };
  return endpoint.access === 'public' ? endpoint.handle(asked) : endpoint.handle(asked, who as SignedIn);
}

/** Whether a change took effect is then unknown; asked again under the same Idempotency-Key, it does so once. */
async function inTime(answering: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<never>();
  const problem = new Problem(503, 'NoAnswerInTime', 'What this needs does not answer; try again shortly.', {
    headers: { 'Retry-After': '5' },
  });
  const timer = setTimeout(() => late.reject(problem), ANSWER_MS_MAX);
  try {
    return await Promise.race([answering, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const tracing = (response: Response): ReturnType<typeof traceOf> => response.locals['trace'] as ReturnType<typeof traceOf>;

export function send(response: Response, { status, headers = {}, body, stream }: Answer): void {
  response.status(status).set(headers);
  if (stream !== undefined) {
    response.locals['streamed'] = true;
    response.flushHeaders();
    stream(response);
    return;
  }
  if (body !== undefined) response.set('Content-Type', headers['Content-Type'] ?? 'application/json; charset=utf-8');
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
