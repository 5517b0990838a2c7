/** Runs the script of the docs page on a page of a few lines, against the real API. */
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Listening, listen } from '../../src/api/listen.ts';
import { type House, house, PASSWORD } from './support.ts';

/** As much of an element as the script uses. */
class FakeElement {
  readonly name: string;
  readonly attributes: Record<string, string> = {};
  readonly listeners: Record<string, (event: unknown) => unknown> = {};
  children: (FakeElement | string)[] = [];
  value = '';
  scrollTop = 0;
  constructor(name: string) {
    this.name = name;
  }
  setAttribute(key: string, value: string): void {
    this.attributes[key] = value;
    if (key === 'value') this.value = value;
  }
  addEventListener(type: string, listener: (event: unknown) => unknown): void {
    this.listeners[type] = listener;
  }
  append(...children: (FakeElement | string)[]): void {
    this.children.push(...children);
  }
  replaceChildren(...children: (FakeElement | string)[]): void {
    this.children = children;
  }
  set textContent(text: string) {
    this.children = [text];
  }
  get text(): string {
    return this.children.map(child => (typeof child === 'string' ? child : child.text)).join(' ');
  }
  find(wanted: (element: FakeElement) => boolean): FakeElement | undefined {
    for (const child of this.children) {
      if (typeof child === 'string') continue;
      const found = wanted(child) ? child : child.find(wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

let home: House;
let listening: Listening;
beforeAll(async () => {
  home = await house();
  listening = await listen(home.app, { port: 0 });
  await home.user('admin@localhost', ['admin']);
});
afterAll(async () => {
  await listening.close();
  await home.close();
});

test('the docs page lists operations, shows one and lets its reader ask it', async () => {
  const ids = ['sign-in', 'who', 'search', 'index', 'operation'];
  const page = Object.fromEntries(ids.map(id => [id, new FakeElement(id)])) as Record<string, FakeElement>;
  const at = (id: string): FakeElement => page[id] as FakeElement;
  const windowListeners: Record<string, () => void> = {};
  const location = { hash: '' };
  const script = readFileSync(new URL('../../src/api/docs/docs.js', import.meta.url), 'utf8');
  const sign = { email: 'admin@localhost', password: PASSWORD };
  vm.runInNewContext(script, {
    document: { getElementById: at, createElement: (name: string) => new FakeElement(name) },
    location,
    crypto,
    URLSearchParams,
    FormData: class {
      *[Symbol.iterator]() {
        yield* Object.entries(sign);
      }
    },
    addEventListener: (type: string, listener: () => void) => {
      windowListeners[type] = listener;
    },
    fetch: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${listening.port}${path}`, init),
  });
  await vi.waitFor(() => expect(at('index').text).toContain('/notes/{id}/change'));

  at('search').listeners['input']?.({ target: { value: 'seal' } });
  expect(at('index').text).toContain('/notes/{id}/seal');
  expect(at('index').text).not.toContain('/users');

  await at('sign-in').listeners['submit']?.({ preventDefault() {}, target: {} });
  expect(at('who').text).toBe('Signed in as admin@localhost');

  location.hash = '#takeNote';
  windowListeners['hashchange']?.();
  expect(at('operation').text).toContain('POST  /api/v1/notes');
  expect(at('operation').text).toContain('notes:edit');
  const area = at('operation').find(({ name }) => name === 'textarea') as FakeElement;
  expect(JSON.parse(area.value)).toEqual({ text: '' });
  area.value = '{"text":"from the docs page"}';
  const form = at('operation').find(({ name }) => name === 'form') as FakeElement;
  await form.listeners['submit']?.({ preventDefault() {} });
  expect(form.text).toContain('201 Created');
  expect(home.log.events.at(-1)).toMatchObject({ type: 'NoteTaken', data: { text: 'from the docs page' } });

  location.hash = '#showNote';
  windowListeners['hashchange']?.();
  const asked = at('operation').find(({ name }) => name === 'form') as FakeElement;
  const field = asked.find(({ attributes }) => attributes['aria-label'] === 'id') as FakeElement;
  field.value = 'a/b';
  await asked.listeners['submit']?.({ preventDefault() {} });
  expect(asked.text).toContain('404');
  expect(asked.text).toContain('GET /api/v1/notes/a%2Fb');
});
