import { afterEach, beforeEach, expect, test } from 'vitest';
import { bootstrapAdmin } from '../../src/runtime/identity/bootstrap.ts';
import { type House, house } from '../api/support.ts';

let home: House;
beforeEach(async () => {
  home = await house();
});
afterEach(() => home.close());

test('the first start makes an administrator and tells the password once', async () => {
  const notice = await bootstrapAdmin(home);
  const password = /password (\S+)/.exec(notice.join('\n'))?.[1] as string;
  expect(password).toHaveLength(20);
  const session = await home.identity.signIn('admin@localhost', password);
  expect((await home.identity.callerOf(session?.token ?? ''))?.grants).toEqual(['*']);
  expect(await bootstrapAdmin(home)).toEqual([]);
  expect(await home.identity.signIn('admin@localhost', password)).toBeDefined();
});

test('a stated password is used and not repeated', async () => {
  const notice = await bootstrapAdmin({ ...home, password: 'stated' });
  expect(notice.join('\n')).not.toContain('password stated');
  expect(notice.join('\n')).toContain('THROUGHLINE_ADMIN_PASSWORD');
  expect(await home.identity.signIn('admin@localhost', 'stated')).toBeDefined();
  expect(await bootstrapAdmin({ ...home, password: 'another' })).toEqual([]);
  expect(await home.identity.signIn('admin@localhost', 'another')).toBeUndefined();
});

test('a start that broke off between the two steps is completed by the next', async () => {
  const broken = { ...home.identity, hasPassword: async () => false, setPassword: () => Promise.reject(new Error('killed')) };
  await expect(
    bootstrapAdmin({ executor: home.executor, identity: { ...home.identity, ...broken, settled: async () => {} } }),
  ).rejects.toThrow('killed');
  expect((await bootstrapAdmin({ ...home, password: 'stated' })).length).toBeGreaterThan(0);
  expect(home.log.events.filter(({ type }) => type === 'UserRegistered')).toHaveLength(1);
});
