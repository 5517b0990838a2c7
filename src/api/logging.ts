import { type Span, SpanStatusCode } from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Metrics } from '../runtime/metrics.ts';
import { insideOf, requestSpan, traceparentOf } from '../runtime/tracing.ts';
import { traceOf } from './headers.ts';

/** Members that must not get into any log, at the depths where ours could have them. */
const SECRETS = ['authorization', 'cookie', 'password', 'current', 'token', 'set-cookie'];
const redacted = SECRETS.flatMap(name => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

export const createLogger = (options: { readonly level?: string; readonly destination?: DestinationStream } = {}): Logger =>
  pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redacted, censor: '[hidden]' },
      serializers: { err: told },
    },
    options.destination ?? pino.destination(2),
  );

/** How far causes of causes are told. */
const CAUSES_MAX = 3;

/**
 * An error as the log tells it: what kind, where, and its message. Nothing else that hangs on it, since errors of Postgres and
 * of others carry whole rows and whatever was sent.
 */
function told(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: told(error.cause, depth + 1) };
  return { type: error.name, message: messageOf(error), ...code, stack: placesIn(error.stack ?? ''), ...cause };
}

/** SQLSTATE class 22: the message repeats the value that will not do. */
const DATA_EXCEPTION = /^22...$/;
/** What a value is quoted in, in messages of JSON and URL parsers as well. */
const QUOTED = /"[^"]*"|'[^']*'/g;

const messageOf = (error: Error): string =>
  ('code' in error && DATA_EXCEPTION.test(String(error.code))) || error instanceof SyntaxError
    ? error.message.replace(QUOTED, '"…"')
    : error.message;

/** A stack begins with the message, which is told already. */
const placesIn = (stack: string): string =>
  stack
    .split('\n')
    .filter(line => /^ +at /.test(line))
    .join('\n');

const NS_PER_MS = 1e6;
const MS_PER_S = 1e3;

/** One line and one measurement per request, by the route's pattern: neither ids nor query strings get into logs or metrics. */
export function requestLog(logger: Logger, { meter }: Metrics): RequestHandler {
  const durations = meter.createHistogram('throughline_http_request_duration_seconds', {
    description: 'How long requests took to be answered, by route',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  });
  return (request, response, next) => {
    const begun = process.hrtime.bigint();
    const span = requestSpan(request.get('traceparent'));
    response.locals['trace'] = traceIn(span, traceOf(request));
    response.on('close', () => {
      const milliseconds = Number(process.hrtime.bigint() - begun) / NS_PER_MS;
      const { route = 'none', principal, trace, code, failure, streamed } = response.locals;
      const status = response.writableFinished ? response.statusCode : 'aborted';
      // A feed lasts as long as its reader likes, which says nothing of how long answers take.
      if (streamed !== true) durations.record(milliseconds / MS_PER_S, { method: request.method, route, status: String(status) });
      endSpan(span, request.method, route, response.statusCode);
      const line = { method: request.method, route, status, ms: Math.round(milliseconds), principal, code, traceId: trace.traceId };
      if (failure === undefined) logger.info(line, 'request');
      else logger.error({ ...line, err: failure }, 'request failed');
    });
    insideOf(span, next);
  };
}

type Trace = ReturnType<typeof traceOf>;

/** The trace as it goes on from this request; without a collector it is the one that was handed in. */
function traceIn(span: Span, given: Trace): Trace {
  const traceparent = traceparentOf(span);
  return traceparent === undefined ? given : { traceparent, traceId: span.spanContext().traceId };
}

const SERVER_ERROR = 500;

function endSpan(span: Span, method: string, route: string, status: number): void {
  span.updateName(`${method} ${route}`);
  span.setAttributes({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': status });
  if (status >= SERVER_ERROR) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
