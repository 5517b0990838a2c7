/** A lean HTTP client, so that the load generator takes little of the machine it measures. Connections are kept. */
import { randomUUID } from 'node:crypto';
import { type Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;
/** Asks again after growing pauses: what sagas do takes as long as it takes. */
const LOOK_MS = 8;
const LOOK_MS_MAX = 50;

export type Body = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly body: Body;
}

/** One person's way to the API: what they wrote is seen by what they ask next. */
export class Client {
  readonly #base: URL;
  readonly #token: string;
  readonly #agent: Agent;
  #newest: string | undefined;
  calls = 0;

  constructor(url: string, token: string, agent: Agent) {
    this.#base = new URL(url);
    this.#token = token;
    this.#agent = agent;
  }

  /** Posts under a key of its own and answers the record's id. @throws for any answer but success */
  async make(path: string, body: object = {}, prefer?: string): Promise<string> {
    const answer = await this.send('POST', path, body, prefer);
    if (answer.status >= 300) throw new Error(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return String(answer.body['id']);
  }

  /** The same, answered when sagas have done all that follows. */
  carryOut(path: string, body: object = {}): Promise<string> {
    return this.make(path, body, `wait=${PATIENCE_MS / 1_000}`);
  }

  /** Asks until the answer is there and pleases, for what sagas do on their own. */
  async until(path: string, pleases: (body: Body) => boolean = () => true): Promise<Body> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let pauseMs = LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_MS_MAX)) {
      const { status, body } = await this.send('GET', path);
      if (status === 200 && pleases(body)) return body;
      if (performance.now() > giveUpAt) throw new Error(`GET ${path} never pleased; at last ${status}: ${JSON.stringify(body)}`);
      await sleep(pauseMs);
    }
  }

  send(method: 'GET' | 'POST', path: string, body?: object, prefer?: string): Promise<Answer> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      Authorization: `Bearer ${this.#token}`,
      ...(payload === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': payload.length }),
      ...(method === 'POST' ? { 'Idempotency-Key': randomUUID() } : {}),
      ...(prefer === undefined ? {} : { Prefer: prefer }),
      ...(this.#newest === undefined ? {} : { 'Consistency-Token': this.#newest }),
    };
    this.calls += 1;
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#base;
      const sent = request({ hostname, port, method, path: `/api/v1${path}`, headers, agent: this.#agent }, response => {
        const token = response.headers['consistency-token'];
        if (typeof token === 'string') this.#newest = token;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(chunks) }));
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  }
}

const parsed = (chunks: readonly Buffer[]): Body => JSON.parse(chunks.length === 0 ? '{}' : Buffer.concat(chunks).toString());
