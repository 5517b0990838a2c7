/** What each kind of party is compared by. */
import type { AccountCard } from './account.ts';
import type { ContactCard } from './contact.ts';
import type { LeadCard } from './lead.ts';
import { companyKey, emailKey, type Keys, personKey, phoneKey, placeKey, taxKey } from './likeness.ts';

export const accountKeys = ({ name, taxId, phone, address }: Pick<AccountCard, 'name' | 'taxId' | 'phone' | 'address'>): Keys => ({
  taxId: taxKey(taxId),
  phone: phoneKey(phone),
  name: companyKey(name),
  place: placeKey(address?.city),
});

export const contactKeys = ({ name, email, phone, accountId }: Pick<ContactCard, 'name' | 'email' | 'phone' | 'accountId'>): Keys => ({
  email: emailKey(email),
  phone: phoneKey(phone),
  name: personKey(name),
  place: accountId,
});

export const leadKeys = ({ contact, company }: Pick<LeadCard, 'contact' | 'company'>): Keys => ({
  email: emailKey(contact?.email),
  phone: phoneKey(contact?.phone),
  name: personKey(contact?.name),
  place: companyKey(company),
});
