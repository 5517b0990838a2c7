/** Asks the product over HTTP, again and again while it is away or busy, and always under the same key. */
export interface Answer {
  readonly status: number;
  /** The first answer to this key, given again. */
  readonly repeated: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Request {
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
  readonly occurredAt?: string | undefined;
  /** Ask again while the record is not there. */
  readonly awaits: boolean;
}

/** The import cannot go on, for a reason that is not in a row. */
export class ImportStopped extends Error {
  override readonly name = 'ImportStopped';
}

const PATIENCE_MS = 120_000;
const AWAITS_MS = 60_000;
const PAUSE_MS = 50;
const PAUSE_MAX_MS = 5_000;
const TIMEOUT_MS = 30_000;

export class Client {
  readonly #url: string;
  readonly #key: string;
  #newest: { readonly position: bigint; readonly token: string } | undefined;
  #shown: string | undefined;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** What was written until now is seen by every request from here on. */
  see(): void {
    this.#shown = this.#newest?.token;
  }

  /** @throws ImportStopped */
  async post(request: Request): Promise<Answer> {
    const begun = performance.now();
    for (let round = 0; ; round++) {
      const response = await this.#ask(request).catch(error => error as Error);
      const waited = performance.now() - begun;
      const pause = Math.min(PAUSE_MS * 2 ** round, PAUSE_MAX_MS);
      if (response instanceof Error) {
        if (waited > PATIENCE_MS)
          throw new ImportStopped(
            `${this.#url} does not answer (${response.message}). Start it and run the import again: it goes on where it stopped.`,
          );
        await sleep(pause);
      } else if (isAgain(response) || (request.awaits && response.status === 404 && waited < AWAITS_MS)) {
        if (waited > PATIENCE_MS) throw new ImportStopped(`${this.#url} has been answering ${response.status} for two minutes.`);
        await sleep(Math.max(pause, 1_000 * Number(response.retryAfter ?? 0)));
      } else {
        if (response.status === 401 || response.status === 403)
          throw new ImportStopped(
            `${this.#url} answered ${response.status}: ${String(response.body['detail'] ?? 'the API key does not allow it')}`,
          );
        return response;
      }
    }
  }

  async #ask({ path, key, body, occurredAt }: Request): Promise<Answer & { readonly retryAfter: string | null }> {
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${this.#key}`,
        'Idempotency-Key': key,
        ...(occurredAt === undefined ? {} : { 'Occurred-At': occurredAt }),
        ...(this.#shown === undefined ? {} : { 'Consistency-Token': this.#shown }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    this.#remember(response.headers.get('Consistency-Token'), answer['position']);
    return {
      status: response.status,
      repeated: response.headers.get('Idempotency-Replayed') === 'true',
      body: answer,
      retryAfter: response.headers.get('Retry-After'),
    };
  }

  #remember(token: string | null, position: unknown): void {
    if (token === null || typeof position !== 'string') return;
    if (this.#newest === undefined || BigInt(position) > this.#newest.position) this.#newest = { position: BigInt(position), token };
  }
}

/** Busy, away, or overtaken by somebody else: the same request may succeed later. */
const isAgain = ({ status, body }: Answer): boolean =>
  [408, 429, 502, 503, 504].includes(status) || (status === 409 && body['code'] === 'Conflict');

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
