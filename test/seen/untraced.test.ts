import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { expect, test } from 'vitest';
import { type House, house } from '../api/support.ts';

test('without a collector, events carry the trace the caller handed over all the same', async () => {
  const quiet: House = await house();
  const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
  await quiet.user('admin@localhost', ['admin']);
  const before = quiet.log.events.length;
  await request(quiet.app)
    .post('/api/v1/notes')
    .set({ traceparent, Authorization: `Bearer ${await quiet.tokenOf('admin@localhost')}` })
    .send({ text: 'one' })
    .expect(201);
  expect(quiet.log.events.slice(before).map(({ metadata }) => metadata.traceparent)).toEqual([traceparent]);
  await quiet.close();
});
