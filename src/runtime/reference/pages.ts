import { describedEndpoints } from '../../api/described.ts';
import type { Registry } from '../../kernel/module.ts';
import { apiReference } from './api.ts';
import { analystDictionary } from './dictionary.ts';
import { eventCatalogue } from './events.ts';
import { permissionTable } from './permissions.ts';

/** The pages of docs/reference, by the name of the file. The same definitions always make the same text. */
export async function referencePages(registry: Registry): Promise<Readonly<Record<string, string>>> {
  const endpoints = describedEndpoints(registry);
  return {
    'events.md': eventCatalogue(registry),
    'analyst-dictionary.md': analystDictionary(registry),
    'permissions.md': await permissionTable(registry, endpoints),
    'api.md': apiReference(endpoints),
  };
}
