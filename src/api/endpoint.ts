import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Permission } from '../kernel/command.ts';
import type { ClockName } from '../kernel/query.ts';
import type { SignedIn } from '../runtime/identity/port.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent for an answer without content. */
  readonly body?: unknown;
  /** Writes an answer that goes on after its head, and ends it; in place of a body. */
  readonly stream?: (response: Response) => void;
}

/** One request, read and found to be allowed to ask. */
export interface Asked {
  readonly request: Request;
  readonly response: Response;
  /** Path names and query parameters, or path names and the body's members. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  /** W3C trace context handed in, or one begun here. */
  readonly traceparent: string;
}

interface Common {
  /** Unique; names the operation in the API reference. */
  readonly type: string;
  readonly summary: string;
  /** Groups the reference. */
  readonly module: string;
  readonly method: Method;
  /** Below /api/v1, with `:name` for names in the path. */
  readonly path: string;
  /** Commands take all headers of commands; queries take parameters from the query string. */
  readonly kind: 'command' | 'query' | 'other';
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Media type of the answer where it is not JSON. */
  readonly media?: 'text/event-stream';
  /** Offered as CSV as well. */
  readonly csv?: true;
  /** Tells what changed since an instant. */
  readonly compares?: true;
  /** By which the past can be asked for. */
  readonly clocks?: readonly ClockName[];
  /** Of the usual answer; 204 has no body. */
  readonly status: 200 | 201 | 204;
}

/** An operation on one route: what it takes, what it gives, who may ask. Router and API reference are both made of these. */
export type Endpoint =
  | (Common & { readonly access: 'public'; handle(asked: Asked): Promise<Answer> })
  | (Common & { readonly access: 'signed-in' | Permission; handle(asked: Asked, who: SignedIn): Promise<Answer> });

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** `POST /leads/:id` in its two parts. */
export function routeParts(route: string): { readonly method: Method; readonly path: string } {
  const [method = '', path = ''] = route.split(' ');
  return { method: method as Method, path };
}

/** Names in a path: `/leads/:id` has `id`. */
export const pathNames = (path: string): readonly string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
