/** What people may do, by role: `context:action`, the same with `:own` for one's own records only, or `*` for everything. */
import { z } from 'zod';

/** A role's code is its name for programs and never changes. */
export const RoleCode = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'A code of small letters, digits and dashes, at most 40');

export interface Role {
  readonly name: string;
  readonly grants: readonly string[];
}

const EVERY_VIEW = ['crm:read', 'catalogue:read', 'warehouse:read', 'sales:read', 'fulfilment:read', 'billing:read'];
const EVERY_CRM_CHANGE = ['crm:edit', 'crm:convert', 'crm:assign', 'crm:block', 'crm:reopen', 'crm:force-duplicate', 'crm:merge'];

/** Who works with rules may ask for one to be set aside. */
const ASKING = ['platform:approvals:own', 'platform:request-override:own'];

/** Roles every house has from the start; they cannot be changed. Own ones are defined beside them. */
export const BUILT_IN_ROLES: Readonly<Record<string, Role>> = {
  admin: { name: 'Administrator', grants: ['*'] },
  'commercial-director': {
    name: 'Commercial director',
    grants: [
      'platform:colleagues',
      ...EVERY_VIEW,
      ...EVERY_CRM_CHANGE,
      'crm:target',
      'catalogue:edit',
      'catalogue:price',
      'catalogue:rates',
      'sales:order',
      'sales:assign',
      'sales:accept',
      'sales:self-accept',
      'sales:cancel',
      'sales:price-by-hand',
      'sales:credit',
      'platform:approvals',
      'platform:request-override',
      'platform:approve',
      'platform:processes',
      'platform:retry',
      'platform:abandon',
      'platform:effects',
      'platform:settings',
      'platform:reopen-period',
    ],
  },
  'sales-manager': {
    name: 'Sales manager',
    grants: [
      'platform:colleagues',
      'crm:read:own',
      'crm:edit:own',
      'crm:merge:own',
      'crm:convert:own',
      'catalogue:read',
      'warehouse:read',
      'sales:read:own',
      'sales:order:own',
      'sales:accept:own',
      'sales:self-accept',
      'sales:cancel:own',
      ...ASKING,
    ],
  },
  /** Sees every lead, account, contact and deal, beside what another role lets them do. */
  'all-crm-managers': { name: 'All CRM managers', grants: ['crm:read'] },
  /** For who observes deals and does nothing else in sales. */
  observer: { name: 'Observer', grants: ['crm:read:own'] },
  warehouse: {
    name: 'Warehouse keeper',
    grants: [
      'platform:colleagues',
      'catalogue:read',
      'sales:read',
      'warehouse:read',
      'warehouse:receive',
      'warehouse:draft',
      'warehouse:issue',
      'warehouse:transfer',
      'warehouse:adjust',
      'warehouse:approve',
      'warehouse:administer',
      'fulfilment:read',
      'fulfilment:approve',
      'fulfilment:return',
      'fulfilment:ship',
      ...ASKING,
    ],
  },
  finance: {
    name: 'Finance',
    grants: [
      'platform:colleagues',
      'crm:read',
      'crm:block',
      'catalogue:read',
      'catalogue:rates',
      'sales:read',
      'fulfilment:read',
      'billing:read',
      'billing:invoice',
      'billing:credit',
      'billing:pay',
      'platform:close-period',
      ...ASKING,
    ],
  },
  auditor: { name: 'Auditor', grants: ['platform:colleagues', 'platform:audit'] },
  'data-protection': { name: 'Data protection officer', grants: ['platform:colleagues', 'crm:read', 'platform:audit', 'platform:erase'] },
  analyst: { name: 'Analyst', grants: ['platform:colleagues', ...EVERY_VIEW] },
  marketing: { name: 'Marketing', grants: ['platform:colleagues', 'crm:read', 'crm:edit', 'catalogue:read'] },
  integration: {
    name: 'Integration',
    grants: [
      'platform:colleagues',
      ...EVERY_VIEW,
      ...EVERY_CRM_CHANGE,
      'catalogue:edit',
      'catalogue:price',
      'catalogue:rates',
      'warehouse:receive',
      'warehouse:adjust',
      'warehouse:backdate',
      'warehouse:administer',
      'sales:order',
      'sales:assign',
      'sales:accept',
      'sales:self-accept',
      'sales:cancel',
      'sales:price-by-hand',
      'fulfilment:approve',
      'fulfilment:return',
      'fulfilment:ship',
      'billing:invoice',
      'billing:credit',
      'billing:pay',
      'platform:backdate',
    ],
  },
};
