/** Reads requests strictly: what is malformed, too large or cannot be stored stops here, whatever the route. */
import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import { pointer, pointersOf } from '../runtime/executor/pointers.ts';
import { type Asked, type Endpoint, pathNames } from './endpoint.ts';
import { badParameters, type FieldError, invalid, Problem } from './problem.ts';

const BODY_BYTES_MAX = 1024 * 1024;
const DEPTH_MAX = 32;
const NODES_MAX = 20_000;
const PARAMETERS_MAX = 100;
const ERRORS_SHOWN_MAX = 20;

const malformed = (detail: string): Problem => new Problem(400, 'Malformed', detail);

const rawBody = express.raw({ type: () => true, limit: BODY_BYTES_MAX, inflate: false });

/** Path names together with the body's members, or with the query's parameters; each name from one place only. */
export async function readInput(request: Request, response: Response, endpoint: Endpoint): Promise<Record<string, unknown>> {
  const names = namesInPath(request, endpoint.path);
  const query = readQuery(request.originalUrl);
  const asksByQuery = endpoint.kind === 'query';
  const [surplus] = asksByQuery ? [] : query.keys();
  if (surplus !== undefined) throw unknownParameter(surplus);
  const rest = asksByQuery ? Object.fromEntries(query) : await readBody(request, response);
  const twice = Object.keys(rest).find(name => Object.hasOwn(names, name));
  if (twice !== undefined) throw new Problem(400, 'NamedTwice', `${twice} is named in the path and may not be named again.`);
  return { ...rest, ...names };
}

const unknownParameter = (name: string): Problem =>
  new Problem(400, 'UnknownParameter', `There is no parameter ${printable(name)} here.`, {
    errors: [{ pointer: pointer([printable(name)]), detail: 'This parameter is not known here.' }],
  });

const printable = (text: string): string => text.toWellFormed().slice(0, 100);

function namesInPath(request: Request, path: string): Record<string, string> {
  const entries = pathNames(path).map(name => [name, request.params[name]] as const);
  for (const [name, value] of entries)
    if (typeof value !== 'string' || !storable(value)) throw malformed(`The ${name} in the path holds characters no text may hold.`);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Postgres and JSON elsewhere hold neither NUL nor half a surrogate pair. */
const storable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Parameters by name; each may come once, and every escape must be UTF-8. */
function readQuery(url: string): ReadonlyMap<string, string> {
  const mark = url.indexOf('?');
  const parts =
    mark < 0
      ? []
      : url
          .slice(mark + 1)
          .split('&')
          .filter(part => part !== '');
  if (parts.length > PARAMETERS_MAX) throw malformed(`There are more than ${PARAMETERS_MAX} parameters.`);
  const query = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = unescaped(equals < 0 ? part : part.slice(0, equals));
    if (query.has(name)) throw malformed(`The parameter ${printable(name)} comes twice.`);
    if (isPrototypeName(name)) throw unknownParameter(name);
    query.set(name, equals < 0 ? '' : unescaped(part.slice(equals + 1)));
  }
  return query;
}

function unescaped(text: string): string {
  try {
    const plain = decodeURIComponent(text.replaceAll('+', ' '));
    if (storable(plain)) return plain;
  } catch {
    // Not UTF-8; answered like text that cannot be stored.
  }
  throw malformed('The query holds an escape that is not text.');
}

async function readBody(request: Request, response: Response): Promise<Record<string, unknown>> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return {};
  mustBeJson(request);
  await new Promise<void>((resolve, reject) => rawBody(request, response, error => (error === undefined ? resolve() : reject(error))));
  const bytes = request.body as unknown;
  return Buffer.isBuffer(bytes) && bytes.length > 0 ? checked(parsed(bytes)) : {};
}

function mustBeJson(request: Request): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map(part => part.trim());
  const charset = parameters.find(part => part.startsWith('charset='))?.replace(/^charset="?|"$/g, '');
  if (type === 'application/json' && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return;
  throw new Problem(415, 'UnsupportedMediaType', 'The body must be application/json in UTF-8.', {
    headers: { Accept: 'application/json' },
  });
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw malformed('The body is not JSON in UTF-8.');
  }
}

/** @throws Problem 400 for too deep, 413 for too many values, 422 with pointers for what no field may hold */
export function checked(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid([{ pointer: '', detail: 'The body must be a JSON object.' }]);
  const errors: FieldError[] = [];
  let nodes = 0;
  const visit = (value: unknown, path: readonly string[]): void => {
    if (path.length >= DEPTH_MAX && typeof value === 'object' && value !== null)
      throw new Problem(400, 'TooDeep', `The body is nested deeper than ${DEPTH_MAX} levels.`);
    if (++nodes > NODES_MAX) throw new Problem(413, 'TooLarge', `The body holds more than ${NODES_MAX} values.`);
    const fault = faultOf(value);
    if (fault !== undefined) errors.push({ pointer: pointer(path), detail: fault });
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      const at = [...path, name.toWellFormed()];
      if (!storable(name)) errors.push({ pointer: pointer(at), detail: 'The name holds NUL or half a character.' });
      else if (isPrototypeName(name)) errors.push({ pointer: pointer(at), detail: 'This name is not known here.' });
      visit(member, at);
    }
  };
  visit(body, []);
  if (errors.length > 0) throw invalid(errors.slice(0, ERRORS_SHOWN_MAX));
  return body as Record<string, unknown>;
}

/** Names by which an object's own nature could be reached; no input of ours has such a member. */
const isPrototypeName = (name: string): boolean => name === '__proto__' || name === 'constructor' || name === 'prototype';

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string' && !storable(value)) return 'The text holds NUL or half a character.';
  return typeof value === 'number' && !Number.isFinite(value) ? 'The number is too large to be kept.' : undefined;
}

/** Input of an endpoint that is neither command nor query. @throws Problem 422 with pointers */
export function validated<Input extends z.ZodType>(schema: Input, input: unknown): z.output<Input> {
  const result = z.safeDecode(schema, input as z.input<Input>);
  if (!result.success) throw invalid(pointersOf(result.error));
  return result.data;
}

/** For endpoints that take none. */
export function noParameters(input: Asked['input']): void {
  const surplus = Object.keys(input).map(name => ({ pointer: pointer([name]), detail: 'This parameter is not known here.' }));
  if (surplus.length > 0) throw badParameters(surplus, []);
}
