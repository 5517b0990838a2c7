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

test('what succeeded is answered before its answer is kept, and copies meanwhile hear the same', async () => {
  const { store, kept, letKeep } = slowStore();
  const once = onceOnly(store, logger);
  const run = answering(201);
  expect(await once(request, 'h', run)).toMatchObject({ status: 201, body: { run: 1 } });
  expect(kept).toEqual([]);
  expect(await once(request, 'h', run)).toMatchObject({ body: { run: 1 }, headers: { 'Idempotency-Replayed': 'true' } });
  await expect(once(request, 'another body', run)).rejects.toMatchObject({ status: 422 });
  letKeep();
  await expect.poll(() => kept.length).toBe(1);
});

test('what was refused is answered only once its answer is kept: the log does not know it', async () => {
  const { store, kept, letKeep } = slowStore();
  let answered = false;
  const answer = onceOnly(store, logger)(request, 'h', answering(409)).then(() => {
    answered = true;
  });
  await new Promise(setImmediate);
  expect([answered, kept.length]).toEqual([false, 0]);
  letKeep();
  await answer;
  expect(kept).toHaveLength(1);
});
