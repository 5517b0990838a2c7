import { z } from 'zod';
import { CompanySettingsStream, change, SaidSettings, type SettingsFacts } from '../../domain/platform/company-settings.ts';
import { RoleCode } from '../../domain/platform/grants.ts';
import { Reason } from '../../domain/vocabulary.ts';
import { command, type DecisionContext } from '../../kernel/command.ts';
import { PercentText } from '../../kernel/decimal.ts';
import { companyInUse } from '../../projections/platform/company-in-use.ts';
import { COMPANY } from '../../projections/platform/company-settings.ts';

const DAYS_MAX = 365;
const APPROVAL_HOURS_MAX = 30 * 24;
/** What values must be beyond their plain shapes. */
const bounds = {
  exchangeRateDaysMax: z.int().min(1).max(DAYS_MAX).optional(),
  orderExpiryDays: z.int().min(1).max(DAYS_MAX).optional(),
  overdueStopDays: z.int().min(0).max(DAYS_MAX).nullable().optional(),
  approvalHours: z.int().min(1).max(APPROVAL_HOURS_MAX).optional(),
  discountLimitPercent: PercentText.optional(),
  discountLimitPercentByRole: z.record(RoleCode, PercentText).optional(),
  callingCode: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'One to three digits, e.g. 40')
    .optional(),
};

export const changeCompanySettings = command({
  type: 'ChangeCompanySettings',
  summary: 'Changes how the company works; what is left out stays. Refused as CurrencyInUse once something is kept in the books’ currency.',
  route: 'POST /company-settings/change',
  permission: 'platform:settings',
  input: z.strictObject({ ...SaidSettings.shape, ...bounds, reason: Reason.optional() }),
  decider: CompanySettingsStream,
  entityId: () => COMPANY,
  facts: async (_, _wish, ask): Promise<SettingsFacts> => ({ inUse: await ask(companyInUse, {}) }),
  decide: (said, wish, { facts }: DecisionContext<SettingsFacts>) => change(said, wish, facts),
});
