import type { RequestHandler } from 'express';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Metrics } from '../runtime/metrics.ts';
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
    },
    options.destination ?? pino.destination(2),
  );

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
    response.locals['trace'] = traceOf(request);
    response.on('close', () => {
      const milliseconds = Number(process.hrtime.bigint() - begun) / NS_PER_MS;
      const { route = 'none', principal, trace, code, failure } = response.locals;
      const status = response.writableFinished ? response.statusCode : 'aborted';
      durations.record(milliseconds / MS_PER_S, { method: request.method, route, status: String(status) });
      const line = { method: request.method, route, status, ms: Math.round(milliseconds), principal, code, traceId: trace.traceId };
      if (failure === undefined) logger.info(line, 'request');
      else logger.error({ ...line, err: failure }, 'request failed');
    });
    next();
  };
}
