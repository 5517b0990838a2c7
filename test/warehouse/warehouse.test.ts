import { describe, expect, test } from 'vitest';
import { uniqueKey } from '../../src/commands/platform/claim.ts';
import { recordReceipt } from '../../src/commands/warehouse/receipt.ts';
import { closeWarehouse, openWarehouse, renameWarehouse, reopenWarehouse } from '../../src/commands/warehouse/warehouse.ts';
import { ReceiptRecorded } from '../../src/domain/warehouse/receipt.ts';
import { WarehouseClosed, WarehouseOpened, WarehouseRenamed, WarehouseReopened } from '../../src/domain/warehouse/warehouse.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { given } from '../kernel/scenario.ts';

const main = { code: 'MAIN', name: 'Main warehouse' };
const opened = WarehouseOpened(main);

describe('a warehouse', () => {
  test('is opened under a code that no other has', () => {
    const verdict = given().when(openWarehouse, main);
    verdict.thenEvents(opened);
    verdict.thenHolds(uniqueKey('warehouseCode', 'MAIN', 'new-id'));
  });
  test('is opened once', () => given(opened).when(openWarehouse, main).thenNothing());
  test('gets another name', () =>
    given(opened)
      .when(renameWarehouse, { id: 'W1', name: 'Central' })
      .thenEvents(WarehouseRenamed({ name: 'Central' })));
  test('keeps the name it has', () => given(opened).when(renameWarehouse, { id: 'W1', name: 'Main warehouse' }).thenNothing());
  test('is closed when nothing is there, and opened again', () => {
    given(opened)
      .when(closeWarehouse, { id: 'W1', reason: 'Lease ended' }, { facts: { items: 0 } })
      .thenEvents(WarehouseClosed({ reason: 'Lease ended' }));
    given(opened)
      .when(closeWarehouse, { id: 'W1' }, { facts: { items: 2 } })
      .thenRefuses('WarehouseNotEmpty');
    given(opened, WarehouseClosed({}))
      .when(closeWarehouse, { id: 'W1' }, { facts: { items: 0 } })
      .thenNothing();
    given(opened, WarehouseClosed({})).when(reopenWarehouse, { id: 'W1' }).thenEvents(WarehouseReopened({}));
    given(opened).when(reopenWarehouse, { id: 'W1' }).thenNothing();
  });
  test('that does not exist is not found', () => given().when(renameWarehouse, { id: 'W1', name: 'Central' }).thenRefuses('NotFound'));
});

describe('a goods receipt', () => {
  const facts = { open: new Set(['W1']), supplierExists: true, stocked: new Set(['chai']), closedThrough: null, selfApproval: true };
  const wish = { warehouseId: 'W1', lines: [{ itemId: 'chai', quantity: '3', unitCost: '7.50' }] };
  const recorded = (receivedOn: string) =>
    ReceiptRecorded({ warehouseId: 'W1', receivedOn, lines: [{ line: 1, itemId: 'chai', quantity: quantity(3_000), unitCost: '7.5' }] });

  test('is recorded today unless an earlier day is given', () => {
    given().when(recordReceipt, wish, { facts }).thenEvents(recorded('2026-03-02'));
    given()
      .when(recordReceipt, { ...wish, receivedOn: '2026-02-27' }, { facts })
      .thenEvents(recorded('2026-02-27'));
  });

  test('is recorded once', () => given(recorded('2026-03-02')).when(recordReceipt, wish, { facts }).thenNothing());

  test('of an earlier day is for those who may date back, and of a closed day for nobody', () => {
    const earlier = { ...wish, receivedOn: '2026-02-27' };
    given()
      .when(recordReceipt, earlier, { facts, grants: ['warehouse:receive'] })
      .thenRefuses('Forbidden');
    given()
      .when(recordReceipt, earlier, { facts: { ...facts, closedThrough: '2026-02-28' } })
      .thenRefuses('PeriodClosed');
  });

  test('is drafted for another where nobody approves what they wrote', () =>
    given()
      .when(recordReceipt, wish, { facts: { ...facts, selfApproval: false } })
      .thenRefuses('SelfApproval'));

  test('names all its faults at once', () => {
    const nothing = { ...facts, open: new Set<string>(), supplierExists: false, stocked: new Set<string>() };
    const verdict = given().when(recordReceipt, { ...wish, supplierId: 'A2', receivedOn: '2026-03-03' }, { facts: nothing });
    expect(verdict.refusal()).toMatchObject({
      refused: 'Validation',
      details: { errors: ['/receivedOn', '/warehouseId', '/supplierId', '/lines/0/itemId'].map(pointer => ({ pointer })) },
    });
  });
});
