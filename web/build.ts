/** `npm run build`, and part of `npm ci`: makes the browser app out of its sources. */
import { join } from 'node:path';
import { build } from 'vite';

await build({ configFile: join(import.meta.dirname, 'vite.config.ts'), logLevel: 'warn' });
