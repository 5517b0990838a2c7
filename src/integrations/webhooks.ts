/** Webhooks by the Standard Webhooks specification 1.0, to the public network only. */
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Adapter, Answer, Notice } from '../kernel/effect.ts';
import { type Address, addressesOf, isIn, isPublic, type Range, type Resolve, resolveNow } from './addresses.ts';

export interface WebhookOptions {
  /** Ranges that may be reached though they are not public; over plain HTTP and at any port, too. */
  readonly allow: readonly Range[];
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 2_048;
const ANSWER_TEXT_MAX = 300;
const SECURE_PORT = '';

export function webhooks({ allow, resolve = resolveNow, timeoutMs = TIMEOUT_MS }: WebhookOptions): Adapter<Notice> {
  return async (id, notice, signal) => {
    const url = new URL(notice.url);
    // The clock covers all of it: finding the address, connecting, sending and the answer.
    const clock = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const addresses = await orAborted(clock, addressesOf(url.hostname, resolve));
      const objection = objectionTo(url, addresses, allow);
      if (objection !== undefined) return failed(objection);
      return meaningOf(await post(url, addresses, headersOf(id, notice), notice.body, clock), notice);
    } catch (error) {
      return failed(clock.aborted ? `There was no answer within ${timeoutMs / 1_000} seconds.` : said(error));
    }
  };
}

const failed = (problem: string, retryAfterMs?: number): Answer => ({
  kind: 'failed',
  problem,
  blames: 'destination',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

const said = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `${code}: ${message}`;
};

/** Why a URL is not connected to. A name may lead elsewhere tomorrow, so this is asked of each try and its addresses. */
function objectionTo(url: URL, addresses: readonly Address[], allow: readonly Range[]): string | undefined {
  if (addresses.length === 0) return 'The name has no address.';
  if (url.username !== '' || url.password !== '') return 'The URL names a user.';
  const opened = addresses.every(({ address }) => isIn(allow, address));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && opened)) return `The URL begins with ${url.protocol}, not with https:.`;
  if (url.port !== SECURE_PORT && !opened) return `The URL names the port ${url.port}; only 443 is connected to.`;
  if (!addresses.every(({ address }) => isPublic(address) || isIn(allow, address)))
    return 'The host is not in the public network, so nothing was sent.';
  return undefined;
}

/** One signature for each secret: a receiver that is changing its secret finds the one it knows. */
function headersOf(id: string, { body, secrets }: Notice): Record<string, string> {
  const now = new Date();
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Throughline-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': secrets.map(secret => new Webhook(secret).sign(id, now, body)).join(' '),
  };
}

interface Response {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

/** Connects to one of these addresses and to no other: between the check and the connection no name is asked again. */
function post(
  url: URL,
  addresses: readonly Address[],
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<Response> {
  const lookup = ((_name, { all }, answer) =>
    all ? answer(null, [...addresses]) : answer(null, addresses[0]?.address ?? '', addresses[0]?.family)) as LookupFunction;
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const request = url.protocol === 'https:' ? secure : plain;
  // Without an agent each try has a connection of its own: none is kept open to an address that was right an hour ago.
  const sending = request(url, { method: 'POST', headers, lookup, agent: false, signal }, response => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => {
      resolve({
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        text: Buffer.concat(chunks).toString('utf8').slice(0, ANSWER_TEXT_MAX),
      });
      sending.destroy();
    };
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= ANSWER_BYTES_MAX) finish();
    });
    response.on('end', finish);
    // The status has come, which is the answer; what else would have come does not matter.
    response.on('error', finish);
  });
  sending.on('error', reject);
  sending.end(body);
  return promise;
}

function meaningOf({ status, retryAfter, text }: Response, { personal }: Notice): Answer {
  const quoted = text === '' || personal ? '' : `: ${text}`;
  if (status >= 200 && status < 300) return { kind: 'taken', answer: `${status}${quoted}` };
  if (status === 410) return { kind: 'gone', problem: `410 Gone${quoted}` };
  if (status >= 300 && status < 400) return failed(`${status}, a redirection; those are not followed.`);
  return failed(`${status}${quoted}`, retryAfterMs(retryAfter));
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3) as milliseconds from now. */
function retryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}
