import { addItem, discontinueItem, editItem, lapseItemHold, reinstateItem, setItemStandardPrice } from '../commands/catalogue/item.ts';
import { setListPrice, withdrawPrice } from '../commands/catalogue/price.ts';
import { archivePriceList, createPriceList, editPriceList, lapsePriceListHold } from '../commands/catalogue/price-list.ts';
import { module } from '../kernel/module.ts';
import { items, itemsForOrder, listItems, showItem } from '../projections/catalogue/items.ts';
import { priceFor, pricesForOrder } from '../projections/catalogue/price-for.ts';
import { defaultListOf, listPriceLists, priceListForPrice, priceLists, showPriceList } from '../projections/catalogue/price-lists.ts';
import { listPrices, listStandardPrices, prices, standardPrices } from '../projections/catalogue/prices.ts';

export const catalogue = module({
  name: 'catalogue',
  commands: [
    addItem,
    editItem,
    setItemStandardPrice,
    discontinueItem,
    reinstateItem,
    createPriceList,
    editPriceList,
    archivePriceList,
    lapseItemHold,
    lapsePriceListHold,
    setListPrice,
    withdrawPrice,
  ],
  projections: [items, priceLists, prices, standardPrices],
  queries: [
    listItems,
    showItem,
    itemsForOrder,
    listPriceLists,
    showPriceList,
    priceListForPrice,
    defaultListOf,
    listPrices,
    listStandardPrices,
    priceFor,
    pricesForOrder,
  ],
  sagas: [],
});
