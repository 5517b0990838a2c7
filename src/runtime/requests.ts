import { type Queryable, rowsOf } from './database.ts';

/** An answer as it was given, to be given again in the same words. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Whose request it was, for which route, under which Idempotency-Key. */
export interface RequestKey {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
}

/** Answers to requests that carried an Idempotency-Key, for seven days. The log itself recognises the commands among them for longer. */
export interface RequestStore {
  find(request: RequestKey): Promise<{ readonly bodyHash: string; readonly answer: KeptAnswer } | undefined>;
  /** Keeps an answer. An earlier one stays, but a success replaces a refusal that another process gave at the same time. */
  keep(request: RequestKey, bodyHash: string, answer: KeptAnswer): Promise<void>;
  sweep(): Promise<void>;
}

const KEPT_DAYS = 7;

export function createRequestStore(database: Queryable): RequestStore {
  return {
    async find({ principal, route, key }) {
      const [row] = await rowsOf<{ body_hash: string; answer: KeptAnswer }>(
        database,
        'select body_hash, answer from ops.requests where principal = $1 and route = $2 and key = $3',
        [principal, route, key],
      );
      return row && { bodyHash: row.body_hash, answer: row.answer };
    },
    async keep({ principal, route, key }, bodyHash, answer) {
      await rowsOf(
        database,
        `insert into ops.requests (principal, route, key, body_hash, status, answer, answered_at) values ($1, $2, $3, $4, $5, $6, now())
         on conflict (principal, route, key) do update set status = excluded.status, answer = excluded.answer
         where excluded.status < 300 and requests.status >= 300 and requests.body_hash = excluded.body_hash`,
        [principal, route, key, bodyHash, answer.status, JSON.stringify(answer)],
      );
    },
    async sweep() {
      await rowsOf(database, `delete from ops.requests where answered_at < now() - interval '${KEPT_DAYS} days'`);
    },
  };
}
