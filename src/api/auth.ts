import type { Request } from 'express';
import type { Identity, SignedIn } from '../runtime/identity/port.ts';
import type { Endpoint } from './endpoint.ts';
import { forbidden, Problem, unauthenticated } from './problem.ts';

export const SESSION_COOKIE = 'throughline_session';
export const DEVICE_COOKIE = 'throughline_device';

export interface CookiePolicy {
  /** Cookies go over TLS only; false is for loopback. */
  readonly secure: boolean;
  /** Origins browsers may send changes from, e.g. `https://crm.example.com`; the request's own host when empty. */
  readonly origins: readonly string[];
}

export function cookie(request: Request, name: string): string | undefined {
  const pair = (request.headers.cookie ?? '').split(';').find(part => part.trim().startsWith(`${name}=`));
  return pair?.trim().slice(name.length + 1);
}

const BEARER = /^bearer +([\w-]{1,200})$/i;

/** The token that came with a request; a header wins over a cookie. */
export function credentials(request: Request): { readonly token: string; readonly by: 'header' | 'cookie' } | undefined {
  const header = request.get('Authorization');
  if (header !== undefined) return { token: BEARER.exec(header.trim())?.[1] ?? '', by: 'header' };
  const token = cookie(request, SESSION_COOKIE);
  return token === undefined ? undefined : { token, by: 'cookie' };
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Browsers send cookies along whoever made the page, so a change that rests on a cookie must come from our own pages: by its
 * Origin or, where there is none, by a header that no foreign form can set.
 */
export function refuseForeign(request: Request, { origins }: CookiePolicy): void {
  if (SAFE.has(request.method)) return;
  const origin = request.get('Origin');
  const own = origin === undefined ? request.get('X-Requested-With') !== undefined : isOwn(origin, request, origins);
  if (!own) throw new Problem(403, 'ForeignOrigin', 'This change was asked from a page of another origin.');
}

function isOwn(origin: string, request: Request, origins: readonly string[]): boolean {
  if (origins.length > 0) return origins.includes(origin);
  return URL.canParse(origin) && new URL(origin).host === request.get('Host');
}

/** Finds out who asks, and whether they may ask such things at all; undefined for a public route. */
export async function admitted(
  request: Request,
  endpoint: Endpoint,
  identity: Identity,
  policy: CookiePolicy,
): Promise<SignedIn | undefined> {
  if (endpoint.access === 'public') return undefined;
  const given = credentials(request);
  if (given === undefined) throw unauthenticated('Sign in first, or send an API key.');
  if (given.by === 'cookie') refuseForeign(request, policy);
  const who = await identity.callerOf(given.token);
  if (who === undefined) throw unauthenticated('The session is over or the key is not valid.');
  if (endpoint.access !== 'signed-in' && !who.caller.mayOwn(endpoint.access)) throw forbidden();
  return who;
}
