import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userCommand } from '../../src/cli/user-commands.ts';
import { registry } from '../../src/kernel/module.ts';
import { platform } from '../../src/modules/platform.ts';
import { type House, house, PASSWORD } from '../api/support.ts';

let home: House;
beforeAll(async () => {
  home = await house();
  await home.user('admin@localhost', ['admin']);
  await home.user('ana@firm.ro', ['finance']);
});
afterAll(() => home.close());

const run = (...args: string[]) => userCommand(args, { ...home, registry: registry([platform]) });

describe('npm run user', () => {
  test('lists who there is', async () => {
    expect(await run('list')).toEqual(['admin@localhost\tadmin@localhost\tadmin', 'ana@firm.ro\tana@firm.ro\tfinance']);
  });

  test('gives a lost password anew, and ends the sessions of the old one', async () => {
    const session = await home.identity.signIn('ana@firm.ro', PASSWORD);
    const [line = ''] = await run('reset-password', 'ana@firm.ro');
    const password = line.split(' ').at(-1) ?? '';
    expect(await home.identity.callerOf(session?.token ?? '')).toBeUndefined();
    expect(await home.identity.signIn('ana@firm.ro', PASSWORD)).toBeUndefined();
    expect(await home.identity.signIn('Ana@firm.ro', password)).toBeDefined();
    await run('reset-password', 'ana@firm.ro', '--password', 'stated');
    expect(await home.identity.signIn('ana@firm.ro', 'stated')).toBeDefined();
  });

  test('makes a key that may do what was said, within the rights of its owner', async () => {
    const [token = ''] = await run('key', 'ana@firm.ro', '--grants', 'billing:read, crm:read');
    expect((await home.identity.callerOf(token))?.grants).toEqual(['billing:read', 'crm:read']);
    await expect(run('key', 'ana@firm.ro', '--grants', '*')).rejects.toThrow('does not have these rights: *');
  });

  test.each([
    [],
    ['nothing'],
    ['reset-password'],
    ['list', 'x'],
    ['key', 'ana@firm.ro'],
    ['reset-password', 'ana@firm.ro', '--unknown'],
    ['list', 'a', 'b'],
  ])('says how it is used to %j', async (...args) => {
    await expect(run(...(args as string[]))).rejects.toThrow('Usage:');
  });

  test('says so when there is no such user', () =>
    expect(run('reset-password', 'nobody@firm.ro')).rejects.toThrow('There is no user nobody@firm.ro'));
});

test('the key of local imports stays the same principal and loses its old token', async () => {
  const { id: userId } = (await home.identity.person({ email: 'admin@localhost' })) ?? { id: '' };
  const wish = { id: 'local', userId, name: 'imports', grants: ['*'] };
  const [first, second] = [await home.identity.renewKey(wish), await home.identity.renewKey(wish)];
  expect(await home.identity.callerOf(first)).toBeUndefined();
  expect((await home.identity.callerOf(second))?.principalId).toBe('key:local');
});
