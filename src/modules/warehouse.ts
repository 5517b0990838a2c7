import { enterReceipt, recordReceipt } from '../commands/warehouse/receipt.ts';
import {
  adjustStock,
  arriveStock,
  consumeStock,
  holdStock,
  issueStock,
  pickStock,
  postAdjustment,
  receiveStock,
  releaseStock,
  reserveStock,
  returnStock,
  sendStock,
  setStockLimits,
  unholdStock,
  unpickStock,
} from '../commands/warehouse/stock.ts';
import {
  approveStockDocument,
  draftAdjustment,
  draftGoodsIssue,
  draftReceipt,
  draftTransfer,
  editStockDocument,
  lapseStockDocument,
  receiveTransfer,
  rejectStockDocument,
} from '../commands/warehouse/stock-document.ts';
import { closeWarehouse, lapseWarehouseHold, openWarehouse, renameWarehouse, reopenWarehouse } from '../commands/warehouse/warehouse.ts';
import { receiptSteps, receiptsInStock } from '../invariants/warehouse/receipts.ts';
import { issuedOnce, stockCell, stockWorth, transfersWhole } from '../invariants/warehouse/stock.ts';
import { stockDocumentSteps, stockDocumentsPosted } from '../invariants/warehouse/stock-documents.ts';
import { module } from '../kernel/module.ts';
import { listReceipts, receipts, showReceipt } from '../projections/warehouse/receipts.ts';
import { listReservations, reservations, showReservation } from '../projections/warehouse/reservations.ts';
import { stockCard } from '../projections/warehouse/stock-card.ts';
import { listStockDocuments, showStockDocument, stockDocuments } from '../projections/warehouse/stock-documents.ts';
import { goodsWorth, itemsThere, listStockLevels, showStockLevel, stockLevels } from '../projections/warehouse/stock-levels.ts';
import { issuedGoods, listStockMoves, showStockMove, stockMoves } from '../projections/warehouse/stock-moves.ts';
import { listStockOn, stockAgeing, stockRotation, stockValuation } from '../projections/warehouse/stock-reports.ts';
import { listWarehouses, showWarehouse, warehouseKnown, warehouses } from '../projections/warehouse/warehouses.ts';
import { goodsReceipt } from '../sagas/warehouse/goods-receipt.ts';
import { stockPosting } from '../sagas/warehouse/stock-posting.ts';

export const warehouse = module({
  name: 'warehouse',
  commands: [
    openWarehouse,
    renameWarehouse,
    closeWarehouse,
    reopenWarehouse,
    lapseWarehouseHold,
    recordReceipt,
    enterReceipt,
    draftReceipt,
    draftGoodsIssue,
    draftTransfer,
    draftAdjustment,
    editStockDocument,
    approveStockDocument,
    rejectStockDocument,
    receiveTransfer,
    lapseStockDocument,
    receiveStock,
    adjustStock,
    setStockLimits,
    reserveStock,
    releaseStock,
    pickStock,
    unpickStock,
    issueStock,
    returnStock,
    holdStock,
    unholdStock,
    consumeStock,
    sendStock,
    arriveStock,
    postAdjustment,
  ],
  projections: [warehouses, receipts, stockDocuments, stockLevels, reservations, stockMoves],
  queries: [
    listWarehouses,
    showWarehouse,
    warehouseKnown,
    listReceipts,
    showReceipt,
    listStockDocuments,
    showStockDocument,
    listStockLevels,
    showStockLevel,
    goodsWorth,
    itemsThere,
    listReservations,
    showReservation,
    listStockMoves,
    showStockMove,
    issuedGoods,
    stockCard,
    listStockOn,
    stockValuation,
    stockAgeing,
    stockRotation,
  ],
  sagas: [goodsReceipt, stockPosting],
  invariants: [stockCell, issuedOnce, receiptsInStock, receiptSteps, stockDocumentSteps, stockDocumentsPosted, stockWorth, transfersWhole],
});
