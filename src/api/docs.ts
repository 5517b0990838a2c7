import { readFileSync } from 'node:fs';
import express, { type Router } from 'express';
import { BASE } from './commands.ts';
import { readable } from './router.ts';

const file = (name: string): string => readFileSync(new URL(`docs/${name}`, import.meta.url), 'utf8');

/** The API reference, for programs and, offline, for people. Public: it says what can be asked, not what is known. */
export function docsRouter(document: object): Router {
  const router = express.Router({ caseSensitive: true });
  const json = JSON.stringify(document);
  const page = (path: string, type: string, body: string) =>
    readable(router, path, (_request, response) => {
      response.type(type).set('Cache-Control', 'no-cache').send(body);
    });
  page('/', 'html', file('home.html'));
  page(`${BASE}/openapi.json`, 'json', json);
  page(`${BASE}/docs`, 'html', file('docs.html'));
  page(`${BASE}/docs/docs.js`, 'text/javascript', file('docs.js'));
  page(`${BASE}/docs/docs.css`, 'css', file('docs.css'));
  return router;
}
