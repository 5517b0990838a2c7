/** The product over HTTP. It knows no business: routes, reference and permissions all come from the definitions in the registry. */
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Registry } from '../kernel/module.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Executor } from '../runtime/executor/port.ts';
import type { Identity } from '../runtime/identity/port.ts';
import type { LiveFeed } from '../runtime/live/feed.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { QueryRunner } from '../runtime/queries/port.ts';
import type { RequestStore } from '../runtime/requests.ts';
import type { Rest } from '../runtime/sagas/rest.ts';
import type { CookiePolicy } from './auth.ts';
import { BASE, commandEndpoint } from './commands.ts';
import { consistencyTokens } from './consistency.ts';
import { docsRouter } from './docs.ts';
import type { Endpoint } from './endpoint.ts';
import { healthRouter, type Readiness } from './health.ts';
import { onceOnly } from './idempotency.ts';
import { identityEndpoints } from './identity-endpoints.ts';
import { liveEndpoint } from './live.ts';
import { requestLog } from './logging.ts';
import { metaEndpoint } from './meta.ts';
import { openapi } from './openapi.ts';
import { Problem, problemAnswer, problemOf } from './problem.ts';
import { queryEndpoint } from './queries.ts';
import { endpointRouter, send } from './router.ts';
import { type SignInLimits, signInGuard, USUAL_LIMITS } from './sign-in-limits.ts';
import { webRouter } from './web.ts';

export interface AppOptions {
  readonly registry: Registry;
  readonly executor: Executor;
  readonly queries: QueryRunner;
  readonly identity: Identity;
  readonly requests: RequestStore;
  readonly rest: Pick<Rest, 'reached'>;
  readonly feed: LiveFeed;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** IANA name of the company's time zone. */
  readonly timeZone: string;
  /** Identity of the event log, which consistency tokens carry. */
  readonly logIdentity: () => Promise<string>;
  readonly cookies?: CookiePolicy;
  readonly signInLimits?: SignInLimits;
  /** Express's `trust proxy`, where a proxy stands before this process; forwarded addresses are not believed otherwise. */
  readonly trustProxy?: string | number;
}

export function createApp(options: AppOptions): Express {
  const { logger, metrics, identity, readiness, cookies = { secure: false, origins: [] } } = options;
  const endpoints = endpointsOf(options, cookies);
  const app = express();
  app.disable('x-powered-by').set('etag', false).set('query parser', false).set('case sensitive routing', true);
  if (options.trustProxy !== undefined) app.set('trust proxy', options.trustProxy);
  app.use(requestLog(logger, metrics));
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: contentPolicy }, strictTransportSecurity: cookies.secure }));
  app.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(healthRouter(readiness, metrics));
  const web = webRouter();
  if (web !== undefined) app.use(web);
  app.use(docsRouter(openapi(endpoints)));
  app.use(endpointRouter(endpoints, identity, cookies));
  app.use(() => {
    throw new Problem(404, 'NotFound', 'There is nothing at this address.');
  });
  return app.use(failed);
}

/** Scripts and styles from here only, none inline; nothing may frame these pages. */
const contentPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  fontSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

export function endpointsOf(options: AppOptions, cookies: CookiePolicy): readonly Endpoint[] {
  const { registry, identity, requests, feed, logger, logIdentity, signInLimits = USUAL_LIMITS } = options;
  const tokens = consistencyTokens(logIdentity);
  const around = { ...options, tokens, once: onceOnly(requests, logger) };
  const offered = registry.modules.flatMap(({ name, commands, queries }) => [
    ...commands.map(command => commandEndpoint(command, name, around)),
    ...queries.map(query => queryEndpoint(query, name, around)),
  ]);
  return [
    ...identityEndpoints({ identity, cookies, guard: signInGuard(signInLimits) }),
    ...offered.filter(endpoint => endpoint !== undefined),
    metaEndpoint(registry),
    liveEndpoint({ feed, registry, identity, tokens }),
  ];
}

/** The one place where failures become answers. */
const failed: ErrorRequestHandler = (error, _request, response, next) => {
  const problem = problemOf(error);
  response.locals['code'] = problem.code;
  if (problem.status >= 500) response.locals['failure'] = error;
  // Too late for an answer: the connection is cut, so that nobody takes half an answer for a whole one.
  if (response.headersSent) return next(error);
  send(response, problemAnswer(problem, response.locals['trace'].traceId));
};

export { BASE };
