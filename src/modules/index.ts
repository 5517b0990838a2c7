import type { Module } from '../kernel/module.ts';
import { billing } from './billing.ts';
import { catalogue } from './catalogue.ts';
import { crm } from './crm.ts';
import { fulfilment } from './fulfilment.ts';
import { platform } from './platform.ts';
import { sales } from './sales.ts';
import { warehouse } from './warehouse.ts';

/** The contexts of the house. */
export const modules: readonly Module[] = [platform, crm, catalogue, warehouse, sales, fulfilment, billing];
