/** A Chromium of this machine, spoken to as a person would use it. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ADMIN_PASSWORD } from '../support/house.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const CHROMIUM = PLACES.find(existsSync);
export const NO_CHROMIUM = `there is no Chromium at ${PLACES.join(', ')}`;

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
];

export interface TestBrowser {
  /** A page signed in as somebody, in a context of its own; what it complains of on its console is in `complaints`. */
  open(url: string, path: string, options?: BrowserContextOptions & { readonly email?: string }): Promise<Page>;
  readonly complaints: string[];
  close(): Promise<void>;
}

export async function startBrowser(): Promise<TestBrowser> {
  const home = await mkdtemp(join(tmpdir(), 'throughline-browser-'));
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM as string,
    args: ARGUMENTS,
    env: { ...process.env, TMPDIR: home },
  });
  const complaints: string[] = [];
  return {
    complaints,
    open: async (url, path, { email = 'admin@localhost', ...options } = {}) => {
      const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      page.on('pageerror', error => complaints.push(error.message));
      page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
      await page.goto(url + path);
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').first().fill(ADMIN_PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.locator('main#main').waitFor();
      return page;
    },
    close: async () => {
      await browser.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
