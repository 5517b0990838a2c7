import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';
import { CHROMIUM, NO_CHROMIUM, startBrowser, type TestBrowser } from './browser.ts';

let house: TestHouse;
let browser: TestBrowser;
let account: string;
let contact: string;
let item: string;
let warehouse: string;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  [house, browser] = await Promise.all([startHouse(), startBrowser()]);
  warehouse = await house.make('/warehouses', { code: 'MAIN', name: 'Main warehouse' });
  account = await house.make('/accounts', { name: 'Nordvest Retail', currency: 'RON' });
  contact = await house.make('/contacts', { name: 'Sorin Vlad', accountId: account });
  item = await house.make('/items', {
    sku: 'BX-2040',
    name: 'Ceramic bit set',
    uom: 'box',
    taxPercent: '21',
    standardPrice: { unitPrice: '12.1', currency: 'RON' },
  });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await house?.stop();
});
beforeEach(({ skip }) => skip(CHROMIUM === undefined, NO_CHROMIUM));

const deal = (name: string, more: object = {}): Promise<string> =>
  house.make('/deals', { name, accountId: account, currency: 'RON', amount: { amount: '4500.00', currency: 'RON' }, ...more });

const stageOf = async (id: string): Promise<unknown> => (await house.get(`/deals/${id}`)).body['stage'];
const column = (page: Page, stage: string) => page.locator(`[data-stage="${stage}"]`);
const leave = (page: Page): Promise<void> => page.context().close();

describe('whoever comes', () => {
  test('finds the way in at any address, and is then at that very address', async () => {
    const page = await browser.open(house.url, '/accounts');
    await page.getByRole('link', { name: 'Nordvest Retail' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/accounts');
    await leave(page);
  });

  test('with a wrong password stays outside and reads why', async () => {
    const page = await browser.open(house.url, '/');
    await page.context().clearCookies();
    await page.reload();
    await page.getByLabel('E-mail').fill('admin@localhost');
    await page.getByLabel('Password').first().fill('not-this-password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The e-mail address or the password is wrong.').waitFor();
    await leave(page);
  });

  test('sees only what their rights show', async () => {
    const email = await colleague('auditor');
    const page = await browser.open(house.url, '/', { email });
    await page.getByRole('link', { name: 'History' }).waitFor();
    expect(await page.getByRole('link', { name: 'Deals' }).count()).toBe(0);
    await leave(page);
  });
});

async function colleague(role: string): Promise<string> {
  const email = `${role}@firm.example`;
  const id = await house.make('/users', { email, name: 'Mara Tudor', roles: [role] });
  await house.post(`/users/${id}/password`, { password: 'a-password-for-tests' });
  return email;
}

describe('the board of deals', () => {
  test('moves a card by keyboard alone, says so, and keeps the focus on it', async () => {
    const id = await deal('Winter restock', { contactId: contact });
    const page = await browser.open(house.url, '/deals/board');
    const card = page.getByRole('link', { name: 'Winter restock' });
    await card.focus();
    await page.keyboard.press('Space');
    await page.getByText('Winter restock is picked up.').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await column(page, 'InitialContact').getByRole('link', { name: 'Winter restock' }).waitFor();
    await page.getByText('Winter restock is in Initial contact.').waitFor();
    await expect.poll(() => stageOf(id)).toBe('InitialContact');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Winter restock');
    await leave(page);
  });

  test('puts a card back that was picked up, on Escape', async () => {
    const id = await deal('Yard lighting', { contactId: contact });
    const page = await browser.open(house.url, '/deals/board');
    await page.getByRole('link', { name: 'Yard lighting' }).focus();
    for (const key of ['Space', 'ArrowRight', 'ArrowRight', 'Escape']) await page.keyboard.press(key);
    await page.getByText('Yard lighting is back in Not processed.').waitFor();
    expect(await stageOf(id)).toBe('NotProcessed');
    await leave(page);
  });

  test('asks at once for what a stage demands, and moves with it', async () => {
    const id = await deal('Drill line', { contactId: contact });
    const page = await browser.open(house.url, '/deals/board');
    await page.getByRole('button', { name: 'Move to… Drill line' }).click();
    await page.getByRole('menuitem', { name: 'Needs assessment' }).click();
    const drawer = page.getByRole('dialog', { name: 'Needs assessment asks for more' });
    await drawer.getByLabel('Description').fill('Drills for twelve stores');
    await drawer.getByLabel('Expected close').fill('2099-12-18');
    await drawer.getByRole('button', { name: 'Move to Needs assessment' }).click();
    await column(page, 'NeedsAssessment').getByRole('link', { name: 'Drill line' }).waitFor();
    expect((await house.get(`/deals/${id}`)).body).toMatchObject({ stage: 'NeedsAssessment', description: 'Drills for twelve stores' });
    await leave(page);
  });

  test('keeps a card where it was when the house says no, with the house’s own sentence', async () => {
    const id = await deal('Depot fit-out');
    const page = await browser.open(house.url, '/deals/board');
    await page.getByRole('button', { name: 'Move to… Depot fit-out' }).click();
    await page.getByRole('menuitem', { name: 'Completed' }).click();
    const drawer = page.getByRole('dialog', { name: 'Win deal' });
    await drawer.getByLabel('Reason').fill('They shook hands');
    await drawer.getByRole('button', { name: 'Win deal' }).click();
    await drawer.getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    await column(page, 'NotProcessed').getByRole('link', { name: 'Depot fit-out' }).waitFor();
    expect(await stageOf(id)).toBe('NotProcessed');
    await leave(page);
  });

  test('shows what somebody else did within a second', async () => {
    const id = await deal('Racking B', { contactId: contact });
    const page = await browser.open(house.url, '/deals/board');
    await page.getByRole('link', { name: 'Racking B' }).waitFor();
    const director = await house.as('commercial-director');
    await director.make(`/deals/${id}/stage`, { stage: 'InitialContact' });
    await column(page, 'InitialContact').getByRole('link', { name: 'Racking B' }).waitFor({ timeout: 1_000 });
    await leave(page);
  });

  test('moves a card by mouse', async () => {
    const id = await deal('Paints, spring list', { contactId: contact });
    const page = await browser.open(house.url, '/deals/board');
    const card = page.locator(`[data-card="${id}"]`);
    await card.dragTo(column(page, 'InitialContact'));
    await expect.poll(() => stageOf(id)).toBe('InitialContact');
    await leave(page);
  });
});

describe('an order', () => {
  test('says where it is and who can move it, and is moved from there', async () => {
    const id = await house.make('/sales-orders', { accountId: account, warehouseId: warehouse, lines: [{ itemId: item, quantity: '3' }] });
    const page = await browser.open(house.url, `/sales-orders/${id}`);
    await page.getByText('Now waiting for').waitFor();
    await page.getByRole('button', { name: 'Accept order' }).click();
    await page.getByRole('dialog', { name: 'Accept order' }).getByRole('button', { name: 'Accept order' }).click();
    await page.getByText('3 missing').waitFor();
    await expect.poll(async () => (await house.get(`/sales-orders/${id}`)).body['status']).toBe('Accepted');
    await leave(page);
  });

  test('explains each of its prices by every level that was tried', async () => {
    const id = await house.make('/sales-orders', { accountId: account, warehouseId: warehouse, lines: [{ itemId: item, quantity: '2' }] });
    const page = await browser.open(house.url, `/sales-orders/${id}`);
    await page.getByRole('button', { name: '12.1' }).click();
    const why = page.getByRole('dialog').filter({ hasText: 'Why 12.1?' });
    await why.waitFor();
    expect(await why.getByRole('listitem').count()).toBe(5);
    await leave(page);
  });

  test('in the past looks like the past and offers nothing to do', async () => {
    const id = await house.make('/sales-orders', { accountId: account, warehouseId: warehouse, lines: [{ itemId: item, quantity: '1' }] });
    const then = new Date().toISOString();
    await house.make(`/sales-orders/${id}/decline`, { reason: 'Asked twice' });
    const page = await browser.open(house.url, `/sales-orders/${id}?asOf=${encodeURIComponent(then)}`);
    await page.getByText('As known on').waitFor();
    expect(await page.getByRole('button', { name: 'More' }).count()).toBe(0);
    expect(await page.getByText('Asked twice').count()).toBe(0);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.getByText('Declined').first().waitFor();
    await leave(page);
  });
});

describe('any noun', () => {
  test('has a list whose filters are in its address', async () => {
    const page = await browser.open(house.url, '/items?filter[search]=BX');
    await page.getByRole('link', { name: 'Ceramic bit set' }).waitFor();
    expect(await page.getByLabel('Search', { exact: true }).inputValue()).toBe('BX');
    await leave(page);
  });

  test('begins with a form made of its command’s schema, which shows faults under their fields', async () => {
    const page = await browser.open(house.url, '/accounts');
    await page.getByRole('button', { name: 'New' }).click();
    const drawer = page.getByRole('dialog', { name: 'Create account' });
    await drawer.getByRole('button', { name: 'Create account' }).click();
    await drawer.locator('[aria-invalid="true"]').first().waitFor();
    await drawer.getByLabel('Name').first().fill('Casa Color');
    await drawer.getByLabel('Currency').fill('RON');
    await drawer.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Casa Color' }).waitFor();
    await leave(page);
  });

  test('is found by a few letters from anywhere', async () => {
    const page = await browser.open(house.url, '/');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search or do' }).fill('nordv');
    await page.getByRole('option', { name: /Nordvest Retail/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nordvest Retail' }).waitFor();
    await leave(page);
  });
});

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENS = ['/', '/deals/board', '/leads/board', '/sales-orders', '/processes', '/accounts', '/items'];

describe.each([
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
] as const)('at $width × $height, $colorScheme', ({ colorScheme, ...viewport }) => {
  test('no screen has a fault that a checker of accessibility finds, nor scrolls sideways', async () => {
    const page = await browser.open(house.url, '/', { viewport, colorScheme, bypassCSP: true });
    for (const path of [...SCREENS, `/accounts/${account}`]) {
      await page.goto(house.url + path);
      await page.locator('main#main h1').first().waitFor();
      await page.waitForTimeout(300);
      await page.evaluate(axe);
      const faults = await page.evaluate(async () => {
        const { violations } = await (
          globalThis as unknown as {
            axe: { run(options: object): Promise<{ violations: readonly { id: string; nodes: readonly { html: string }[] }[] }> };
          }
        ).axe.run({
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
        });
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      });
      expect({ path, faults }).toEqual({ path, faults: [] });
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect({ path, wide }).toEqual({ path, wide: 0 });
    }
    await leave(page);
  }, 60_000);
});

test('nothing breaks the page’s policy of content, and no page fails', () =>
  expect(browser.complaints.filter(text => !text.includes('401') && !/status of 4\d\d/.test(text))).toEqual([]));
