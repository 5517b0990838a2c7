import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { ipKeyGenerator, type RateLimitRequestHandler, rateLimit } from 'express-rate-limit';
import { Problem } from './problem.ts';

/** Failed attempts let through within `windowMs`. */
export interface SignInLimits {
  readonly windowMs: number;
  readonly perAddress: number;
  readonly perAccount: number;
  readonly altogether: number;
}

export const USUAL_LIMITS: SignInLimits = { windowMs: 15 * 60_000, perAddress: 50, perAccount: 15, altogether: 1_000 };

/** Who tries: an account, and whether from a browser it has signed in from before. */
export interface Attempt {
  readonly email: string;
  /** Token of a browser known as the account's own. */
  readonly device?: string | undefined;
}

/** Passes or throws 429. A success is not counted once it is answered. */
export type SignInGuard = (request: Request, response: Response, attempt: Attempt) => Promise<void>;

/**
 * Guessing is slowed by address, by account and altogether. A browser known as the account's own has a count of its own, so that
 * strangers who fail on purpose do not lock the owner out.
 */
export function signInGuard(limits: SignInLimits): SignInGuard {
  const counted = (name: string, limit: number, keyOf: (request: Request, attempt: Attempt) => string) =>
    limiter(limits.windowMs, name, limit, keyOf);
  const byDevice = counted('device', limits.perAccount, (_, { device = '' }) => digest(device));
  const strangers = [
    counted('address', limits.perAddress, request => ipKeyGenerator(request.ip ?? '')),
    counted('account', limits.perAccount, (_, { email }) => digest(email.trim().toLowerCase())),
    counted('altogether', limits.altogether, () => 'all'),
  ];
  return async (request, response, attempt) => {
    attempts.set(request, attempt);
    for (const limit of attempt.device === undefined ? strangers : [byDevice]) await passed(limit, request, response);
  };
}

/** The attempt of a request that is being counted. */
const attempts = new WeakMap<Request, Attempt>();

const MS_PER_S = 1_000;

function limiter(windowMs: number, name: string, limit: number, keyOf: (request: Request, attempt: Attempt) => string) {
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: false,
    legacyHeaders: false,
    skipSuccessfulRequests: true,
    requestPropertyName: `signInsBy_${name}`,
    // Which address counts is settled by the application's `trust proxy`; forwarded headers are otherwise no matter here.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    keyGenerator: request => keyOf(request, attempts.get(request) ?? { email: '' }),
    handler: (_request, _response, next) =>
      next(
        new Problem(429, 'TooManyAttempts', 'There were too many failed sign-ins; wait before you try again.', {
          headers: { 'Retry-After': String(Math.ceil(windowMs / MS_PER_S)) },
        }),
      ),
  });
}

const passed = (limit: RateLimitRequestHandler, request: Request, response: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    limit(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });

/** Keys of one length, whatever is sent as an account. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64');
