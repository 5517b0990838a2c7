import { resembling as compared, type Keys, type Noun, phoneKeys, type Resemblance, tellingTrigrams } from '../../domain/crm/likeness.ts';
import type { Ask } from '../../kernel/command.ts';
import { likenessCandidates } from '../../projections/crm/party-keys.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';

/** Who else may be the party with these keys. */
export async function resembling(noun: Noun, keys: Keys, ask: Ask): Promise<readonly Resemblance[]> {
  const { callingCode } = await ask(companySettings, {});
  const { taxId, email, phone, name } = keys;
  const phones = [...phoneKeys(phone, callingCode)];
  const telling = name ? [...tellingTrigrams(name)] : [];
  const candidates = await ask(likenessCandidates, { noun, taxId: taxId || undefined, email: email || undefined, phones, telling });
  return compared({ noun, keys, callingCode }, candidates);
}
