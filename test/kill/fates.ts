/** A small history with something of everything in it, made over HTTP, for those who then damage it. */
import { ADMIN_PASSWORD, type TestHouse } from '../support/house.ts';
import { Client } from './client.ts';
import type { History } from './history.ts';
import { atRest } from './house.ts';
import { Ledger, readLedger } from './ledger.ts';
import { fromTable } from './logs.ts';
import type { Random } from './random.ts';
import { openShop } from './shop.ts';

/** Nothing is left to chance here. */
const steady: Random = { between: from => from, chance: () => false, pick: ([first]) => first as never, shuffled: things => things };

/** Orders of every fate: paid in two parts, partly returned, cancelled, declined, waiting for goods; goods in another warehouse; and refusals. */
export async function everyFate({ url, databaseUrl }: TestHouse, path: string): Promise<History> {
  const session = await fetch(`${url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'admin@localhost', password: ADMIN_PASSWORD }),
  });
  const { token, user } = (await session.json()) as { token: string; user: { id: string } };
  const ledger = await Ledger.open(path);
  const client = new Client({ url, token, seed: 0, ledger: path, clients: 1, mark: 'P' }, 'planter', ledger, steady);
  const { warehouseId, items, accounts } = await openShop(client, 'P', 1);
  const [accountId = ''] = accounts;
  const stores = async () => ({ databaseUrl });
  const order = async (lines: readonly { item: number; quantity: string }[]): Promise<string> => {
    const wishes = lines.map(({ item, quantity }) => ({ itemId: items[item]?.id, quantity, discount: '12.3456' }));
    return (await client.command('POST /sales-orders', { accountId, warehouseId, lines: wishes })) ?? '';
  };
  const accepted = async (lines: readonly { item: number; quantity: string }[]): Promise<string> => {
    const id = await order(lines);
    await client.command('POST /sales-orders/:id/accept', {}, id);
    await atRest({ url, stores });
    return id;
  };
  let returned = '';
  for (const amounts of [['1.00', '2.00'], ['3.00']]) {
    const paid = `${await accepted([
      { item: 1, quantity: '2' },
      { item: 2, quantity: '3' },
      { item: 5, quantity: '1' },
    ])}~1`;
    await client.command('POST /deliveries/:id/approve', {}, paid);
    await client.command('POST /deliveries/:id/ship', {}, paid);
    await atRest({ url, stores });
    await client.command('POST /invoices/:id/issue', {}, paid);
    returned = paid;
    for (const amount of amounts) {
      const money = { amount, currency: 'RON' };
      await client.command('POST /payments', { accountId, amount: money, allocations: [{ invoiceId: paid, amount: money }] });
    }
  }
  const back = { deliveryId: returned, reason: 'Broken', lines: [{ line: 1, quantity: '1' }] };
  await client.command('POST /delivery-returns/:id/approve', {}, (await client.command('POST /delivery-returns', back)) ?? '');
  await atRest({ url, stores });
  const cancelled = await accepted([{ item: 3, quantity: '2' }]);
  await client.command('POST /sales-orders/:id/cancel', { reason: 'Too dear' }, cancelled);
  await client.command('POST /sales-orders/:id/cancel', { reason: 'Twice' }, `${cancelled}x`);
  await client.command('POST /sales-orders/:id/decline', { reason: 'No' }, await order([{ item: 1, quantity: '1' }]));
  await accepted([{ item: 4, quantity: '14' }]);
  await client.command('POST /adjustments', { warehouseId, itemId: items[4]?.id, quantity: '1', reason: 'Counted' });
  const toWarehouseId = await client.command('POST /warehouses', { code: 'W-P-SHOP', name: 'Shop' });
  const goods = { warehouseId, toWarehouseId, lines: [{ itemId: items[1]?.id, quantity: '1' }] };
  await client.command('POST /stock-documents/:id/approve', {}, (await client.command('POST /stock-documents/transfers', goods)) ?? '');
  await atRest({ url, stores });
  await ledger.close();
  const events = await fromTable(databaseUrl);
  return { events, again: events, commands: await readLedger(path, user.id) };
}
