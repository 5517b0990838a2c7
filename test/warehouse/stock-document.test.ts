import { describe, expect, test } from 'vitest';
import { holdStock, unholdStock } from '../../src/commands/warehouse/stock.ts';
import {
  approveStockDocument,
  draftAdjustment,
  draftGoodsIssue,
  draftReceipt,
  draftTransfer,
  editStockDocument,
  receiveTransfer,
  rejectStockDocument,
} from '../../src/commands/warehouse/stock-document.ts';
import {
  type Paper,
  StockDocumentApproved,
  StockDocumentDrafted,
  StockDocumentEdited,
  StockDocumentRejected,
  StockDocumentReviewed,
  TransferReceived,
} from '../../src/domain/warehouse/stock-document.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { given } from '../kernel/scenario.ts';

const units = (count: number) => quantity(count * 1000);
const known = { open: new Set(['W1', 'W2']), supplierExists: true, stocked: new Set(['chai', 'tofu']), closedThrough: null };
const facts = { ...known, selfApproval: true, secondApprovalFrom: null, value: 0 };
const lines = [
  { line: 1, itemId: 'chai', quantity: units(3) },
  { line: 2, itemId: 'tofu', quantity: units(1) },
];
const wished = [
  { itemId: 'chai', quantity: '3' },
  { itemId: 'tofu', quantity: '1' },
];
const issue: Paper = { kind: 'issue', warehouseId: 'W1', datedOn: '2026-03-02', lines };
const transfer: Paper = { ...issue, kind: 'transfer', toWarehouseId: 'W2' };
const loss: Paper = { ...issue, kind: 'adjustment', reason: 'broken', lines: [{ line: 1, itemId: 'chai', quantity: units(-3) }] };
const drafted = (paper: Paper) => StockDocumentDrafted({ ...paper, authorId: 'ana' });
const id = { id: 'D1' };

describe('a draft', () => {
  test('of a receipt, an issue, a transfer and an adjustment is of today unless a day is given', () => {
    const head = { warehouseId: 'W1', lines: wished };
    given()
      .when(draftReceipt, { ...head, supplierId: 'A2' }, { facts: known })
      .thenEvents(drafted({ ...issue, kind: 'receipt', supplierId: 'A2' }));
    given().when(draftGoodsIssue, head, { facts: known }).thenEvents(drafted(issue));
    given()
      .when(draftTransfer, { ...head, toWarehouseId: 'W2' }, { facts: { ...known, steps: 'one' } })
      .thenEvents(drafted(transfer));
    given()
      .when(draftTransfer, { ...head, toWarehouseId: 'W2' }, { facts: { ...known, steps: 'two' } })
      .thenEvents(drafted({ ...transfer, twoSteps: true }));
    given()
      .when(
        draftAdjustment,
        { warehouseId: 'W1', reason: 'broken', datedOn: '2026-03-01', lines: [{ itemId: 'chai', quantity: '-3' }] },
        { facts: known },
      )
      .thenEvents(drafted({ ...loss, datedOn: '2026-03-01' }));
  });

  test('of a transfer to the same warehouse is refused', () =>
    given()
      .when(draftTransfer, { warehouseId: 'W1', toWarehouseId: 'W1', lines: wished }, { facts: { ...known, steps: 'one' } })
      .thenRefuses('SameWarehouse'));

  test('names all its faults at once', () =>
    given()
      .when(
        draftReceipt,
        { warehouseId: 'W9', supplierId: 'A9', datedOn: '2026-03-03', lines: [{ itemId: 'freight', quantity: '1' }] },
        { facts: { ...known, supplierExists: false } },
      )
      .thenInvalid('/datedOn', '/warehouseId', '/supplierId', '/lines/0/itemId'));

  test('of an earlier day is for those who may date back, and of a closed day for nobody', () => {
    const earlier = { warehouseId: 'W1', datedOn: '2026-03-01', lines: wished };
    given()
      .when(draftGoodsIssue, earlier, { facts: known, grants: ['warehouse:issue'] })
      .thenRefuses('Forbidden');
    given()
      .when(draftGoodsIssue, earlier, { facts: { ...known, closedThrough: '2026-03-01' } })
      .thenRefuses('PeriodClosed');
  });
});

describe('an edit of a draft', () => {
  test('says anew what is to move, and what was approved of it counts no longer', () => {
    const edited = StockDocumentEdited({ ...loss, lines: [{ line: 1, itemId: 'tofu', quantity: units(-1) }] });
    const reviewed = StockDocumentReviewed({ reviewerId: 'bo', value: 10_000 });
    given(drafted(loss), reviewed)
      .when(editStockDocument, { ...id, lines: [{ itemId: 'tofu', quantity: '-1' }] }, { facts: known })
      .thenEvents(edited);
    const dear = { ...facts, secondApprovalFrom: 10_000, value: 10_000 };
    given(drafted(loss), reviewed, edited).when(approveStockDocument, id, { facts: dear, actorId: 'bo' }).thenEvents(reviewed);
  });

  test('that says nothing new is none', () =>
    given(drafted(loss))
      .when(editStockDocument, { ...id, reason: 'broken' }, { facts: known })
      .thenNothing());

  test('takes off by its sign only in an adjustment, and states costs only in a receipt', () =>
    given(drafted(issue))
      .when(editStockDocument, { ...id, lines: [{ itemId: 'chai', quantity: '-1', unitCost: '2' }] }, { facts: known })
      .thenInvalid('/lines/0/quantity', '/lines/0/unitCost'));

  test('comes too late when it is approved or rejected', () => {
    given(drafted(issue), StockDocumentApproved({ ...issue, approverId: 'bo' }))
      .when(editStockDocument, { ...id, reason: 'x' }, { facts: known })
      .thenRefuses('InvalidTransition');
    given(drafted(issue), StockDocumentRejected({ reason: 'wrong' }))
      .when(editStockDocument, { ...id, reason: 'x' }, { facts: known })
      .thenRefuses('InvalidTransition');
  });
});

describe('an approval', () => {
  const held = (line: number, itemId: string, wanted: string) => {
    const place = { warehouseId: 'W1', itemId, documentId: 'D1', line };
    return { take: holdStock({ ...place, quantity: wanted, on: '2026-03-02' }), release: unholdStock(place) };
  };

  test('says again what is approved, and holds every line that leaves first', () => {
    const verdict = given(drafted(issue)).when(approveStockDocument, id, { facts });
    verdict.thenEvents(StockDocumentApproved({ ...issue, approverId: 'ana' }));
    verdict.thenHolds(held(1, 'chai', '3'), held(2, 'tofu', '1'));
  });

  test('of a loss holds what is taken off; of what comes in it holds nothing', () => {
    given(drafted(loss))
      .when(approveStockDocument, id, { facts })
      .thenHolds(held(1, 'chai', '3'));
    given(drafted({ ...issue, kind: 'receipt' }))
      .when(approveStockDocument, id, { facts })
      .thenHolds();
    given(drafted({ ...loss, lines: [{ line: 1, itemId: 'chai', quantity: units(3) }] }))
      .when(approveStockDocument, id, { facts })
      .thenHolds();
  });

  test('is somebody else’s than the author’s where the company says so', () => {
    const rule = { facts: { ...facts, selfApproval: false } };
    given(drafted(issue)).when(approveStockDocument, id, rule).thenRefuses('SelfApproval');
    given(drafted(issue))
      .when(approveStockDocument, id, { ...rule, actorId: 'bo' })
      .thenEvents(StockDocumentApproved({ ...issue, approverId: 'bo' }));
  });

  test('of an adjustment is two people’s from a value on', () => {
    const dear = { facts: { ...facts, secondApprovalFrom: 10_000, value: 10_000 }, actorId: 'bo' };
    const reviewed = StockDocumentReviewed({ reviewerId: 'bo', value: 10_000 });
    given(drafted(loss)).when(approveStockDocument, id, dear).thenEvents(reviewed);
    given(drafted(loss), reviewed).when(approveStockDocument, id, dear).thenRefuses('SelfApproval');
    given(drafted(loss), reviewed)
      .when(approveStockDocument, id, { ...dear, actorId: 'cy' })
      .thenEvents(StockDocumentApproved({ ...loss, approverId: 'cy' }));
    given(drafted(loss))
      .when(approveStockDocument, id, { ...dear, facts: { ...dear.facts, value: 9_999 } })
      .thenEvents(StockDocumentApproved({ ...loss, approverId: 'bo' }));
    given(drafted(issue))
      .when(approveStockDocument, id, dear)
      .thenEvents(StockDocumentApproved({ ...issue, approverId: 'bo' }));
  });

  test('of a day that was closed meanwhile, or a warehouse, is refused', () => {
    given(drafted(issue))
      .when(approveStockDocument, id, { facts: { ...facts, closedThrough: '2026-03-02' } })
      .thenRefuses('PeriodClosed');
    given(drafted(transfer))
      .when(approveStockDocument, id, { facts: { ...facts, open: new Set(['W1']) } })
      .thenInvalid('/toWarehouseId');
  });

  test('is final: nothing follows it but a document the other way', () => {
    const approved = StockDocumentApproved({ ...issue, approverId: 'ana' });
    given(drafted(issue), approved).when(approveStockDocument, id, { facts }).thenNothing();
    given(drafted(issue), approved)
      .when(rejectStockDocument, { ...id, reason: 'wrong' })
      .thenRefuses('InvalidTransition');
  });
});

describe('a rejection', () => {
  test('has a reason, and ends the document', () => {
    const rejected = StockDocumentRejected({ reason: 'wrong warehouse' });
    given(drafted(issue))
      .when(rejectStockDocument, { ...id, reason: 'wrong warehouse' })
      .thenEvents(rejected);
    given(drafted(issue), rejected)
      .when(rejectStockDocument, { ...id, reason: 'again' })
      .thenNothing();
    given(drafted(issue), rejected).when(approveStockDocument, id, { facts }).thenRefuses('InvalidTransition');
    given()
      .when(rejectStockDocument, { ...id, reason: 'x' })
      .thenRefuses('NotFound');
  });
});

describe('a transfer in two steps', () => {
  const twoSteps: Paper = { ...transfer, twoSteps: true };
  const onItsWay = [drafted(twoSteps), StockDocumentApproved({ ...twoSteps, approverId: 'bo' })];
  const arrived = (lost: number) =>
    TransferReceived({
      receivedOn: '2026-03-02',
      toWarehouseId: 'W2',
      lines: [
        { line: 1, itemId: 'chai', sent: units(3), lost: units(lost) },
        { line: 2, itemId: 'tofu', sent: units(1), lost: units(0) },
      ],
    });

  test('arrives whole, or less what is missing', () => {
    given(...onItsWay)
      .when(receiveTransfer, id)
      .thenEvents(arrived(0));
    given(...onItsWay)
      .when(receiveTransfer, { ...id, missing: [{ line: 1, quantity: '2' }] })
      .thenEvents(arrived(2));
  });

  test('arrives once', () =>
    given(...onItsWay, arrived(0))
      .when(receiveTransfer, id)
      .thenNothing());

  test('cannot lose what was not sent, nor arrive before it left', () => {
    given(...onItsWay)
      .when(receiveTransfer, {
        ...id,
        receivedOn: '2026-03-01',
        missing: [
          { line: 1, quantity: '4' },
          { line: 3, quantity: '1' },
        ],
      })
      .thenInvalid('/receivedOn', '/missing/0/quantity', '/missing/1/line');
  });

  test('is received only when it is on its way', () => {
    given(drafted(twoSteps)).when(receiveTransfer, id).thenRefuses('InvalidTransition');
    const verdict = given(drafted(transfer), StockDocumentApproved({ ...transfer, approverId: 'bo' })).when(receiveTransfer, id);
    expect(verdict.refusal()).toMatchObject({ refused: 'InvalidTransition' });
  });
});
