import { createCustomerGroup, editCustomerGroup, joinCustomerGroup, leaveCustomerGroup } from '../commands/catalogue/customer-group.ts';
import { correctExchangeRate, recordExchangeRates, withdrawExchangeRate } from '../commands/catalogue/exchange-rate.ts';
import { addItem, discontinueItem, editItem, lapseItemHold, reinstateItem, setItemStandardPrice } from '../commands/catalogue/item.ts';
import { setListPrice, takePrice, withdrawPrice } from '../commands/catalogue/price.ts';
import { archivePriceList, clonePriceList, createPriceList, editPriceList, lapsePriceListHold } from '../commands/catalogue/price-list.ts';
import { copyPrices, enterPrices } from '../commands/catalogue/price-sheet.ts';
import { module } from '../kernel/module.ts';
import { customerGroupMembers, customerGroups, listCustomerGroups, showCustomerGroup } from '../projections/catalogue/customer-groups.ts';
import { exchangeRateFor, exchangeRates, listExchangeRates } from '../projections/catalogue/exchange-rates.ts';
import { items, itemsForOrder, itemValuation, listItems, showItem } from '../projections/catalogue/items.ts';
import { leastPricesForOrder } from '../projections/catalogue/least-prices.ts';
import { priceFor, pricesForOrder } from '../projections/catalogue/price-for.ts';
import { showPriceHistory } from '../projections/catalogue/price-history.ts';
import { defaultListOf, listPriceLists, priceListForPrice, priceLists, showPriceList } from '../projections/catalogue/price-lists.ts';
import { listPriceSheets, priceSheets, showPriceSheet } from '../projections/catalogue/price-sheets.ts';
import { listPrices, listStandardPrices, prices, standardPrices } from '../projections/catalogue/prices.ts';
import { listToClone, pricesToCopy } from '../projections/catalogue/prices-to-copy.ts';
import { priceListCloning } from '../sagas/catalogue/price-list-cloning.ts';
import { sheetTaking } from '../sagas/catalogue/sheet-taking.ts';

export const catalogue = module({
  name: 'catalogue',
  commands: [
    addItem,
    editItem,
    setItemStandardPrice,
    discontinueItem,
    reinstateItem,
    createPriceList,
    clonePriceList,
    editPriceList,
    archivePriceList,
    lapseItemHold,
    lapsePriceListHold,
    setListPrice,
    takePrice,
    enterPrices,
    copyPrices,
    withdrawPrice,
    createCustomerGroup,
    editCustomerGroup,
    joinCustomerGroup,
    leaveCustomerGroup,
    recordExchangeRates,
    correctExchangeRate,
    withdrawExchangeRate,
  ],
  projections: [items, priceLists, prices, standardPrices, customerGroups, customerGroupMembers, exchangeRates, priceSheets],
  queries: [
    listItems,
    showItem,
    itemsForOrder,
    itemValuation,
    leastPricesForOrder,
    listPriceLists,
    showPriceList,
    priceListForPrice,
    defaultListOf,
    listPrices,
    listPriceSheets,
    showPriceSheet,
    listToClone,
    pricesToCopy,
    showPriceHistory,
    listStandardPrices,
    listCustomerGroups,
    showCustomerGroup,
    priceFor,
    pricesForOrder,
    listExchangeRates,
    exchangeRateFor,
  ],
  sagas: [sheetTaking, priceListCloning],
});
