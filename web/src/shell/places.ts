/** Where everything is: nouns in the groups of the rail, by the name their paths have. */
import {
  IconBriefcase,
  IconBuildingStore,
  IconBuildingWarehouse,
  IconCash,
  IconClipboardList,
  IconFileInvoice,
  IconList,
  IconPackage,
  IconPlant2,
  IconTag,
  IconTruckDelivery,
  IconUsers,
} from '@tabler/icons-react';
import type { Noun } from '../api/shapes.ts';

type Icon = typeof IconTag;

export const GROUPS = ['sell', 'fulfil', 'supply', 'more'] as const;
export type Group = (typeof GROUPS)[number];

/** Modules by the group their nouns stand in; others stand under More. */
const GROUP_OF: Readonly<Record<string, Group>> = {
  crm: 'sell',
  sales: 'fulfil',
  fulfilment: 'fulfil',
  billing: 'fulfil',
  warehouse: 'supply',
  catalogue: 'supply',
};

const ICONS: Readonly<Record<string, Icon>> = {
  leads: IconPlant2,
  deals: IconBriefcase,
  accounts: IconBuildingStore,
  contacts: IconUsers,
  'sales-orders': IconClipboardList,
  deliveries: IconTruckDelivery,
  invoices: IconFileInvoice,
  payments: IconCash,
  'stock-levels': IconPackage,
  warehouses: IconBuildingWarehouse,
  items: IconTag,
};

export const iconOf = (noun: string): Icon => ICONS[noun] ?? IconList;

/** Nouns with a place of their own elsewhere in the rail. */
const ELSEWHERE = new Set(['processes', 'colleagues', 'meta', 'events', 'prices']);

/** What is worked with every day comes first and in the order of the trade; the rest follows by name. */
const DAILY = Object.keys(ICONS);
const rank = ({ noun }: Noun): string => (DAILY.includes(noun) ? String(DAILY.indexOf(noun)).padStart(2, '0') : noun);

/** Nouns of every day stand in their group; the others under More. */
const groupOf = ({ noun, module }: Noun): Group => (DAILY.includes(noun) ? (GROUP_OF[module] ?? 'more') : 'more');

export const nounsOf = (nouns: readonly Noun[], group: Group): readonly Noun[] =>
  nouns
    .filter(noun => hasList(noun) && !ELSEWHERE.has(noun.noun) && groupOf(noun) === group)
    .toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));

const hasList = ({ list }: Noun): boolean => list?.output?.properties?.['items'] !== undefined;

/** The first screen of a noun: boards where there are some. */
export const BOARDS: ReadonlySet<string> = new Set(['leads', 'deals']);
export const placeOf = (noun: string): string => (BOARDS.has(noun) ? `/${noun}/board` : `/${noun}`);
