import { pino } from 'pino';
import { expect, test } from 'vitest';
import { onceOnly } from '../../src/api/idempotency.ts';
import type { KeptAnswer, RequestStore } from '../../src/runtime/requests.ts';

const request = { principal: 'one', route: 'POST /leads', key: 'k' };
const logger = pino({ level: 'silent' });

/** A store that keeps an answer only when it is let. */
function slowStore() {
  const { promise: allowed, resolve: letKeep } = Promise.withResolvers<void>();
  const kept: KeptAnswer[] = [];
  const store: RequestStore = {
    find: async () => undefined,
    keep: async (_request, _hash, answer) => {
      await allowed;
      kept.push(answer);
    },
    sweep: async () => undefined,
  };
  return { store, kept, letKeep };
}

const answering = (status: number) => {
  let runs = 0;
  return async (): Promise<KeptAnswer> => ({ status, headers: {}, body: { run: ++runs } });
};

const turn = (): Promise<unknown> => new Promise(resolve => setImmediate(resolve));

test.each([[201], [409]])(
  'what was answered with %i is answered only once the answer is kept, and copies meanwhile wait for it',
  async status => {
    const { store, kept, letKeep } = slowStore();
    const once = onceOnly(store, logger);
    const run = answering(status);
    const heard: KeptAnswer[] = [];
    const both = [once(request, 'h', run), once(request, 'h', run)].map(answer => answer.then(given => heard.push(given)));
    await expect(once(request, 'another body', run)).rejects.toMatchObject({ status: 422 });
    await turn();
    expect([heard, kept]).toEqual([[], []]);
    letKeep();
    await Promise.all(both);
    expect(heard).toMatchObject([
      { status, body: { run: 1 } },
      { status, body: { run: 1 }, headers: { 'Idempotency-Replayed': 'true' } },
    ]);
    expect(kept).toHaveLength(1);
  },
);
