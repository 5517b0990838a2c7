/** One whole thread, as the people of a trading company carry it through the API: from a lead to a paid invoice. */
import type { Body, Client } from './client.ts';

export interface Shop {
  readonly warehouseId: string;
  readonly itemId: string;
}

const PLENTY = '900000';
const CURRENCY = 'RON';

/** A warehouse full of one item at 10.00 plus 19 % tax. */
export async function openShop(client: Client, mark: string): Promise<Shop> {
  const warehouseId = await client.make('/warehouses', { code: `W${mark}`, name: 'Main warehouse' });
  const itemId = await client.make('/items', {
    sku: `SKU-${mark}`,
    name: `Item ${mark}`,
    uom: 'piece',
    taxPercent: '19',
    standardPrice: { unitPrice: '10', currency: CURRENCY },
  });
  await client.make('/receipts', { warehouseId, lines: [{ itemId, quantity: PLENTY }] });
  return { warehouseId, itemId };
}

/** Lead, deal, order, delivery, invoice, payment; answers the order's id once the payment is taken. */
export async function thread(client: Client, { warehouseId, itemId }: Shop, mark: string): Promise<string> {
  const total = { amount: '119.00', currency: CURRENCY };
  const leadId = await client.make('/leads', {
    name: `Ten pieces ${mark}`,
    company: `Customer ${mark}`,
    source: 'web',
    requestCategory: 'goods',
    contact: { name: 'Ana', email: `ana-${mark}@customer.example` },
  });
  await client.make(`/leads/${leadId}/stage`, { stage: 'InterestExpressed' });
  await client.carryOut(`/leads/${leadId}/convert`, { currency: CURRENCY, amount: total });
  const { dealId } = (await client.until(`/leads/${leadId}`, named('dealId'))) as { dealId: string };
  await client.make(`/deals/${dealId}/lines`, { itemId, quantity: '10' });
  await client.carryOut(`/deals/${dealId}/order`, { warehouseId });
  const { orderId } = (await client.until(`/deals/${dealId}`, named('orderId'))) as { orderId: string };
  await client.carryOut(`/sales-orders/${orderId}/accept`);
  await client.make(`/deliveries/${orderId}~1/approve`);
  await client.carryOut(`/deliveries/${orderId}~1/ship`);
  await client.make(`/invoices/${orderId}~1/issue`);
  const { accountId } = (await client.until(`/invoices/${orderId}~1`, named('number'))) as { accountId: string };
  await client.make('/payments', { accountId, amount: total, allocations: [{ invoiceId: `${orderId}~1`, amount: total }] });
  return orderId;
}

const named =
  (field: string) =>
  (body: Body): boolean =>
    typeof body[field] === 'string';
