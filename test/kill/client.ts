/** One client over HTTP, who insists: what has no known outcome is sent again with the same key until it has one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Ledger, Wish } from './ledger.ts';
import type { Random } from './random.ts';

export interface Plan {
  /** Where the house listens. */
  readonly url: string;
  readonly token: string;
  readonly seed: number;
  /** Path of the file that the ledger is appended to. */
  readonly ledger: string;
  readonly clients: number;
  /** Tells the records of this load from those of others. */
  readonly mark: string;
}

const PATIENCE_MS = 8_000;
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 300;
/** Longer than any outage the tests make; whoever is still without an answer then has found something. */
const INSIST_MS_MAX = 150_000;
/** How often a command is sent twice at once, and how often it is sent again though it was answered, in percent. */
const TWINS = 8;
const ENCORES = 8;

type Body = Readonly<Record<string, unknown>>;
type Heard =
  | { readonly status: number; readonly retry: boolean; readonly body: Body }
  | { readonly lost: string; readonly reached: boolean };

/** A command that was carried out: the id of its record. Undefined when a rule refused it. */
export type Done = string | undefined;

export class Client {
  readonly #plan: Plan;
  readonly #name: string;
  readonly #ledger: Ledger;
  readonly #random: Random;
  #sent = 0;
  #newest: string | null = null;

  constructor(plan: Plan, name: string, ledger: Ledger, random: Random) {
    this.#plan = plan;
    this.#name = name;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Sends a command until its outcome is known. `id` takes the place of `:id` in the route. @throws when it never is */
  async command(route: string, body: Body = {}, id = ''): Promise<Done> {
    const n = `${this.#plan.mark}-${this.#name}-${++this.#sent}`;
    const wish = { key: `key-${n}`, route };
    const send = (): Promise<Done> => this.#insist(n, wish, route.replace('POST ', '').replace(':id', id), body);
    await this.#ledger.write({ at: Date.now(), n, state: 'sent', ...wish });
    const [done] = await Promise.all(this.#random.chance(TWINS) ? [send(), send()] : [send()]);
    if (this.#random.chance(ENCORES)) await send();
    return done;
  }

  /** What a query answers; undefined when there is no such record, or no answer now. */
  async ask(path: string): Promise<Body | undefined> {
    const heard = await this.#send('GET', path, undefined, undefined);
    return 'status' in heard && heard.status === 200 ? heard.body : undefined;
  }

  async #insist(n: string, { key }: Wish, path: string, body: Body): Promise<Done> {
    const giveUpAt = performance.now() + INSIST_MS_MAX;
    while (performance.now() < giveUpAt) {
      const heard = await this.#send('POST', path, body, key);
      const at = Date.now();
      if ('lost' in heard) await this.#ledger.write({ at, n, state: heard.reached ? 'unknown' : 'unreached', because: heard.lost });
      else if (heard.retry) await this.#ledger.write({ at, n, state: 'unknown', because: `${heard.status} ${heard.body['code']}` });
      else if (heard.status < 300) {
        const answer = { status: heard.status, ...heard.body } as unknown as Answer;
        await this.#ledger.write({ at, n, state: 'acked', answer });
        return answer.id;
      } else {
        await this.#ledger.write({ at, n, state: 'refused', status: heard.status, code: String(heard.body['code']) });
        return undefined;
      }
      await sleep(this.#random.between(PAUSE_MIN_MS, PAUSE_MAX_MS));
    }
    throw new Error(`${n} has no outcome after ${INSIST_MS_MAX} ms`);
  }

  async #send(method: string, path: string, body: Body | undefined, key: string | undefined): Promise<Heard> {
    try {
      const response = await fetch(`${this.#plan.url}/api/v1${path}`, {
        method,
        signal: AbortSignal.timeout(PATIENCE_MS),
        headers: {
          Authorization: `Bearer ${this.#plan.token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(key === undefined ? {} : { 'Idempotency-Key': key }),
          ...(this.#newest === null ? {} : { 'Consistency-Token': this.#newest }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      this.#newest = response.headers.get('Consistency-Token') ?? this.#newest;
      const retry = response.status >= 500 || response.headers.has('Retry-After');
      return { status: response.status, retry, body: (await response.json()) as Body };
    } catch (error) {
      const { name, message, cause } = error as Error & { cause?: { code?: string } };
      return { lost: cause?.code ?? `${name}: ${message}`, reached: cause?.code !== 'ECONNREFUSED' };
    }
  }
}
