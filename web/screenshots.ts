/** `npm run screenshots -- <url> <e-mail> <password>`: renews docs/images from a house that runs, best one with the demo company. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'images');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
/** Until data are there and nothing moves any more. */
const SETTLED_MS = 1_500;

const [url = 'http://127.0.0.1:3000', email = 'admin@localhost', password = ''] = process.argv.slice(2);
if (CHROMIUM === undefined) throw new Error('There is no Chromium on this machine.');

const desk: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' };
const night: BrowserContextOptions = { ...desk, colorScheme: 'dark' };
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true };

interface Shot {
  readonly name: string;
  readonly look: BrowserContextOptions;
  /** Brings the page to what is to be seen. */
  readonly show: (page: Page) => Promise<unknown>;
}

const at = (path: string) => (page: Page) => page.goto(url + path);
const firstOf = (path: string) => async (page: Page) => {
  await page.goto(url + path);
  await page.locator('tbody a').first().click();
};

const shots: readonly Shot[] = [
  { name: 'home', look: desk, show: at('/') },
  { name: 'board', look: desk, show: at('/deals/board') },
  { name: 'board-phone', look: phone, show: at('/deals/board') },
  { name: 'orders', look: desk, show: at('/sales-orders?filter[status]=Accepted') },
  { name: 'order', look: desk, show: firstOf('/sales-orders?filter[open]=true&filter[status]=Accepted') },
  { name: 'order-phone', look: phone, show: firstOf('/sales-orders?filter[open]=true&filter[status]=Accepted') },
  {
    name: 'price',
    look: night,
    show: async page => {
      await firstOf('/sales-orders?filter[status]=Accepted')(page);
      await page.locator('td button').first().click();
    },
  },
  { name: 'account', look: desk, show: firstOf('/accounts') },
  { name: 'processes', look: desk, show: at('/processes') },
  {
    name: 'form',
    look: night,
    show: async page => {
      await page.goto(`${url}/sales-orders`);
      await page.getByRole('button', { name: 'New' }).click();
    },
  },
];

await mkdir(FOLDER, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
for (const { name, look, show } of shots) {
  const context = await browser.newContext({ locale: 'en-GB', ...look });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').first().fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('main#main').waitFor();
  await show(page);
  await page.waitForTimeout(SETTLED_MS);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  process.stdout.write(`docs/images/${name}.png\n`);
  await context.close();
}
await browser.close();
