/** Talking to the API: the same requests any script could make. */

/** A refusal or fault as the API words it (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly traceId?: string;
}

export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The connection is gone; nothing is known of what was asked. */
export class Offline extends Error {}

export const BASE = '/api/v1';

/** The newest change made here: what is asked next shows at least that. */
let seen: string | undefined;
let seenPosition = -1n;

export function noticed(token: string, position: string): void {
  const at = BigInt(position);
  if (at <= seenPosition) return;
  seenPosition = at;
  seen = token;
}

/** Anything that says the session is over is told here. */
let signedOut: () => void = () => {};
export const onSignedOut = (tell: () => void): void => {
  signedOut = tell;
};

async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(BASE + path, { ...init, headers: { 'X-Requested-With': 'throughline', ...init.headers } });
  } catch {
    throw new Offline();
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  if (response.status === 401 && !path.startsWith('/sessions')) signedOut();
  throw new Refused({ code: 'Unknown', detail: `The answer was ${response.status}.`, ...problem, status: response.status });
}

export type Parameters = Readonly<Record<string, string | undefined>>;

export const searchOf = (parameters: Parameters): string => {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
};

export async function get<Answer>(path: string, parameters: Parameters = {}): Promise<Answer> {
  const response = await ask(path + searchOf(parameters), { headers: seen === undefined ? {} : { 'Consistency-Token': seen } });
  return (await response.json()) as Answer;
}

export interface Done {
  readonly id: string;
  readonly revision: number;
  readonly position: string | null;
}

/** One key for each act of a person, so that repeating it after a lost connection has one effect. */
export async function post<Answer = Done>(
  path: string,
  body: unknown,
  options: { readonly revision?: number | undefined } = {},
): Promise<Answer> {
  const headers = {
    'Content-Type': 'application/json',
    'Idempotency-Key': crypto.randomUUID(),
    ...(options.revision === undefined ? {} : { 'If-Match': `"${options.revision}"` }),
  };
  const response = await ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = response.status === 204 ? undefined : await response.json();
  const token = response.headers.get('Consistency-Token');
  if (token !== null && answer?.position) noticed(token, answer.position);
  return answer as Answer;
}

export async function remove(path: string): Promise<void> {
  await ask(path, { method: 'DELETE' });
}

/** `/leads/:id` with its names filled in. */
export const filled = (path: string, names: Readonly<Record<string, string>>): string =>
  path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(names[name] ?? ''));
