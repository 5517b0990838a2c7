import type { Act } from './act.ts';

export interface Worker {
  readonly key: string;
  readonly name: string;
  readonly roles: readonly string[];
}

const worker = (key: string, name: string, ...roles: readonly string[]): Worker => ({ key, name, roles });

export const director = worker('director', 'Corina Vasilache', 'commercial-director');
export const sellers: readonly Worker[] = [
  worker('seller-1', 'Matei Drăgan', 'sales-manager'),
  worker('seller-2', 'Ilinca Roman', 'sales-manager'),
  worker('seller-3', 'Tudor Stanciu', 'sales-manager'),
  worker('seller-4', 'Adela Moraru', 'sales-manager'),
];
export const keeper = worker('keeper', 'Costin Pavel', 'warehouse');
export const accountant = worker('accountant', 'Mara Iacob', 'finance');
const others: readonly Worker[] = [
  worker('marketing', 'Denisa Luca', 'marketing'),
  worker('auditor', 'Horia Nistor', 'auditor'),
  worker('analyst', 'Sabina Preda', 'analyst'),
];

export const COMPANY_DOMAIN = 'atelier-demo.example';

export const staff: readonly Worker[] = [director, ...sellers, keeper, accountant, ...others];

export const hiring = (day: string): readonly Act[] =>
  staff.map(({ key, name, roles }) => ({
    phase: 'begin',
    key,
    day,
    line: key,
    command: 'RegisterUser',
    input: () => ({ email: `${key}@${COMPANY_DOMAIN}`, name, roles }),
  }));
