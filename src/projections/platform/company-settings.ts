import { z } from 'zod';
import { CompanySettings, CompanySettingsStream, type SaidSettings, settled } from '../../domain/platform/company-settings.ts';
import { projection } from '../../kernel/projection.ts';
import { query, type ReadDatabase } from '../../kernel/query.ts';
import { instant, json, table } from '../../kernel/table.ts';

/** The one record of settings there is. */
export const COMPANY = 'company';

export const companySettingsView = projection({
  name: 'company-settings',
  version: 1,
  versioned: true,
  table: table(
    'company_settings',
    'How the company works: the settings that were ever said',
    {
      said: json<SaidSettings>('Settings by name; those not said stand at their defaults'),
      changed_at: instant('When one was last changed'),
    },
    { key: 'Always company' },
  ),
  events: CompanySettingsStream.events,
  on: {
    CompanySettingsChanged: (row, { settings }, _key, { occurredAt }) => ({ said: { ...row?.said, ...settings }, changed_at: occurredAt }),
  },
});

/** The settings in force, defaults filled in. */
export const companySettings = query({
  type: 'ShowCompanySettings',
  summary: 'How the company works: every setting, with its default where nobody said otherwise.',
  route: 'GET /company-settings',
  permission: 'platform:settings',
  input: z.strictObject({}),
  output: CompanySettings,
  reads: [companySettingsView],
  answer: db => settingsIn(db),
});

/** The same for queries that depend on a setting and so read the view themselves. */
export async function settingsIn(db: ReadDatabase): Promise<CompanySettings> {
  const [row] = await db.rows<{ said: SaidSettings }>('select said from company_settings where id = $1', [COMPANY]);
  return settled(row?.said ?? {});
}
