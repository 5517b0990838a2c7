/** The browser app as it was built, where it was built: every address that is no file of it and no part of the API is one of its screens. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type Router } from 'express';

const FOLDER = join(import.meta.dirname, '..', '..', 'web', 'dist');
const YEAR_S = 31_536_000;

/** Undefined where the app was not built. */
export function webRouter(folder: string = FOLDER): Router | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const router = express.Router();
  const files = express.static(folder, { index: false, cacheControl: false, setHeaders: kept });
  router.use(files);
  router.get(/^\/(?!api\/|livez$|readyz$|metrics$)/, (request, response, next) => {
    if (request.accepts(['json', 'html']) !== 'html') return next();
    response.locals['route'] = '/*';
    response.sendFile('index.html', { root: folder, cacheControl: false, headers: { 'Cache-Control': 'no-cache' } });
  });
  return router;
}

/** Names of assets hold a hash of what is in them. */
const kept = (response: { setHeader(name: string, value: string): unknown }, path: string): unknown =>
  response.setHeader('Cache-Control', /[/\\]assets[/\\]/.test(path) ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
