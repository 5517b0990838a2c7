import request from 'supertest';
import { afterEach, describe, expect, test } from 'vitest';
import { type House, house, PASSWORD } from './support.ts';

const limits = { windowMs: 60_000, perAddress: 6, perAccount: 3, altogether: 1_000 };
let home: House;
afterEach(() => home.close());

const attempt = (email: string, password: string, cookies = '') =>
  request(home.app).post('/api/v1/sessions').set('Cookie', cookies).send({ email, password });
const statusOf = async (email: string, password: string, cookies?: string) => (await attempt(email, password, cookies)).status;

describe('guessing passwords', () => {
  test('is stopped by account with 429 and Retry-After, also for the right password', async () => {
    home = await house({ limits });
    await home.user('ana@firm.ro', []);
    for (let tries = 0; tries < limits.perAccount; tries++) expect(await statusOf('ana@firm.ro', 'wrong')).toBe(401);
    const refused = await attempt('ANA@firm.ro', PASSWORD).expect(429);
    expect(refused.body.code).toBe('TooManyAttempts');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers['content-type']).toBe('application/problem+json');
  });

  test('is stopped by address, whatever accounts are tried', async () => {
    home = await house({ limits });
    const tried = await Promise.all(Array.from({ length: 20 }, (_, index) => statusOf(`user${index}@firm.ro`, 'wrong')));
    expect(tried.filter(status => status === 401)).toHaveLength(limits.perAddress);
    expect(tried.filter(status => status === 429)).toHaveLength(20 - limits.perAddress);
  });

  test('is stopped altogether, whatever addresses and accounts are used', async () => {
    home = await house({ limits: { ...limits, perAddress: 100, altogether: 4 } });
    const tried = await Promise.all(Array.from({ length: 10 }, (_, index) => statusOf(`user${index}@firm.ro`, 'wrong')));
    expect(tried.filter(status => status === 401)).toHaveLength(4);
  });

  test('by strangers does not lock the owner out of a browser known before', async () => {
    home = await house({ limits });
    await home.user('ana@firm.ro', []);
    const cookies = (await attempt('ana@firm.ro', PASSWORD).expect(201)).headers['set-cookie'] as unknown as string[];
    const device = cookies.find(cookie => cookie.startsWith('throughline_device='))?.split(';')[0] ?? '';
    for (let tries = 0; tries < 10; tries++) await attempt('ana@firm.ro', 'wrong');
    expect(await statusOf('ana@firm.ro', PASSWORD)).toBe(429);
    expect(await statusOf('ana@firm.ro', PASSWORD, device)).toBe(201);
    expect(await statusOf('other@firm.ro', 'x', device)).toBe(429);
    for (let tries = 0; tries < limits.perAccount; tries++) expect(await statusOf('ana@firm.ro', 'wrong', device)).toBe(401);
    expect(await statusOf('ana@firm.ro', PASSWORD, device)).toBe(429);
  });

  test('is not what signing in often is', async () => {
    home = await house({ limits });
    await home.user('ana@firm.ro', []);
    for (let times = 0; times < 10; times++) expect(await statusOf('ana@firm.ro', PASSWORD)).toBe(201);
  });
});
