/** `npm run docs`: writes docs/reference from the definitions. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registry } from '../kernel/module.ts';
import { modules } from '../modules/index.ts';
import { referencePages } from '../runtime/reference/pages.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'reference');

await mkdir(FOLDER, { recursive: true });
for (const [name, text] of Object.entries(await referencePages(registry(modules)))) {
  await writeFile(join(FOLDER, name), text);
  process.stdout.write(`docs/reference/${name}\n`);
}
