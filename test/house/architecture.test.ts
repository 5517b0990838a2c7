import { describe, expect, test } from 'vitest';
import { breaches, importsOf, sourcesOf } from './imports.ts';

const sources = sourcesOf('src');
const pure = ['kernel', 'domain', 'commands', 'projections', 'effects', 'sagas'];

describe('the house', () => {
  test('keeps every layer to what it may touch', () => {
    const imports = importsOf(sources);
    expect(imports.length).toBeGreaterThan(100);
    expect(breaches(imports)).toEqual([]);
  });

  test.each([
    ['kernel/event.ts', '../domain/crm/lead.ts'],
    ['domain/crm/lead.ts', '../sales/sales-order.ts'],
    ['domain/crm/lead.ts', 'pg'],
    ['commands/crm/lead.ts', '../../domain/sales/sales-order.ts'],
    ['projections/crm/leads.ts', '../../commands/crm/lead.ts'],
    ['sagas/crm/lead-conversion.ts', '../../projections/crm/leads.ts'],
    ['api/app.ts', '../domain/crm/lead.ts'],
    ['runtime/worker-role.ts', '../commands/crm/lead.ts'],
    ['effects/billing/invoice-letter.ts', '../../runtime/database.ts'],
    ['integrations/mail.ts', '../runtime/database.ts'],
    ['eventstore/server.ts', '../runtime/database.ts'],
  ])('would see %s import %s', (path, specifier) => {
    expect(breaches(importsOf([{ path, text: `import { x } from '${specifier}';\n` }]))).toHaveLength(1);
  });

  test('reads no clock, chance or environment below the runtime', () => {
    const forbidden =
      /Date\.now\(|new Date\(|Math\.random\(|randomUUID\(|setTimeout\(|setInterval\(|process\.|Temporal\.Now|performance\.now/;
    const files = sources.filter(({ path }) => pure.includes(path.split('/')[0] ?? ''));
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter(({ text }) => forbidden.test(text)).map(({ path }) => path)).toEqual([]);
    expect(forbidden.test('const at = Date.now();')).toBe(true);
  });
});
