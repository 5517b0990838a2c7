import { recordReceipt } from '../commands/warehouse/receipt.ts';
import {
  adjustStock,
  issueStock,
  pickStock,
  receiveStock,
  releaseStock,
  reserveStock,
  returnStock,
  unpickStock,
} from '../commands/warehouse/stock.ts';
import { lapseWarehouseHold, openWarehouse, renameWarehouse } from '../commands/warehouse/warehouse.ts';
import { receiptSteps, receiptsInStock } from '../invariants/warehouse/receipts.ts';
import { issuedOnce, stockCell } from '../invariants/warehouse/stock.ts';
import { module } from '../kernel/module.ts';
import { listReceipts, receipts, showReceipt } from '../projections/warehouse/receipts.ts';
import { listReservations, reservations, showReservation } from '../projections/warehouse/reservations.ts';
import { stockCard } from '../projections/warehouse/stock-card.ts';
import { listStockLevels, showStockLevel, stockLevels } from '../projections/warehouse/stock-levels.ts';
import { issuedGoods, listStockMoves, showStockMove, stockMoves } from '../projections/warehouse/stock-moves.ts';
import { listWarehouses, showWarehouse, warehouseKnown, warehouses } from '../projections/warehouse/warehouses.ts';
import { goodsReceipt } from '../sagas/warehouse/goods-receipt.ts';

export const warehouse = module({
  name: 'warehouse',
  commands: [
    openWarehouse,
    renameWarehouse,
    lapseWarehouseHold,
    recordReceipt,
    receiveStock,
    adjustStock,
    reserveStock,
    releaseStock,
    pickStock,
    unpickStock,
    issueStock,
    returnStock,
  ],
  projections: [warehouses, receipts, stockLevels, reservations, stockMoves],
  queries: [
    listWarehouses,
    showWarehouse,
    warehouseKnown,
    listReceipts,
    showReceipt,
    listStockLevels,
    showStockLevel,
    listReservations,
    showReservation,
    listStockMoves,
    showStockMove,
    issuedGoods,
    stockCard,
  ],
  sagas: [goodsReceipt],
  invariants: [stockCell, issuedOnce, receiptsInStock, receiptSteps],
});
