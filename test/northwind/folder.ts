import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where Northwind's files are expected: beside the checkout. Tests over them are skipped, loudly, where they are not. */
export function northwindFolder(): { readonly folder: string; readonly here: boolean; readonly unless: string } {
  const folder = process.env['NORTHWIND'] ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'northwind');
  const here = existsSync(join(folder, 'orders.csv'));
  return { folder, here, unless: here ? '' : ` (skipped: their files are not in ${folder})` };
}
