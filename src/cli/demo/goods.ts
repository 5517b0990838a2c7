/** What the invented company sells: tools, fixings, protective wear. Names and prices are made up. */
export interface Good {
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly uom: string;
  readonly stocked: boolean;
  /** In bani: what it costs to buy. */
  readonly cost: number;
  /** In bani: what it sells for without tax where no list says otherwise. */
  readonly price: number;
}

interface Family {
  readonly category: string;
  readonly mark: string;
  readonly uom: string;
  /** In bani, of the smallest size. */
  readonly cost: number;
  readonly names: readonly string[];
  readonly sizes: readonly string[];
}

/** Each size up costs so much more than the one before. */
const STEP = 1.35;
const MARGIN = 1.45;

const FAMILIES: readonly Family[] = [
  {
    category: 'Power tools',
    mark: 'PT',
    uom: 'piece',
    cost: 18_900,
    names: ['Cordless drill', 'Impact driver', 'Angle grinder', 'Rotary hammer', 'Jigsaw'],
    sizes: ['12 V', '18 V', '18 V brushless', '36 V'],
  },
  {
    category: 'Hand tools',
    mark: 'HT',
    uom: 'piece',
    cost: 1_450,
    names: ['Combination pliers', 'Claw hammer', 'Adjustable wrench', 'Spirit level', 'Hand saw'],
    sizes: ['small', 'medium', 'large', 'professional'],
  },
  {
    category: 'Fixings',
    mark: 'FX',
    uom: 'box',
    cost: 620,
    names: ['Hex bolt, zinc', 'Wood screw', 'Frame anchor', 'Threaded rod', 'Wall plug', 'Self-tapping screw'],
    sizes: ['M5 × 40', 'M6 × 60', 'M8 × 80', 'M10 × 100', 'M12 × 120'],
  },
  {
    category: 'Protective wear',
    mark: 'PW',
    uom: 'pair',
    cost: 890,
    names: ['Work gloves, nitrile', 'Safety shoes S3', 'Knee pads', 'Welding gloves'],
    sizes: ['S', 'M', 'L', 'XL'],
  },
  {
    category: 'Abrasives',
    mark: 'AB',
    uom: 'pack',
    cost: 540,
    names: ['Cutting disc, steel', 'Flap disc', 'Sanding belt', 'Diamond disc'],
    sizes: ['115 mm', '125 mm', '180 mm', '230 mm'],
  },
  {
    category: 'Electrical',
    mark: 'EL',
    uom: 'piece',
    cost: 2_150,
    names: ['Cable reel', 'LED work light', 'Junction box, IP65', 'Extension lead'],
    sizes: ['10 m', '25 m', '40 m', '50 m'],
  },
  {
    category: 'Sealants',
    mark: 'SE',
    uom: 'cartridge',
    cost: 780,
    names: ['Silicone, sanitary', 'Construction adhesive', 'Expanding foam', 'Acrylic sealant'],
    sizes: ['280 ml', '310 ml', '600 ml'],
  },
];

const stocked = FAMILIES.flatMap(({ category, mark, uom, cost, names, sizes }) =>
  names.flatMap((name, family) =>
    sizes.map((size, step): Good => {
      const bought = Math.round(cost * (1 + family / 4) * STEP ** step);
      const number = String(family * 10 + step + 11).padStart(3, '0');
      return {
        sku: `${mark}-${number}`,
        name: `${name} ${size}`,
        category,
        uom,
        stocked: true,
        cost: bought,
        price: Math.round((bought * MARGIN) / 10) * 10,
      };
    }),
  ),
);

export const goods: readonly Good[] = stocked;
/** Comes with an order that is sent; nobody keeps it in a warehouse. */
export const freight: Good = {
  sku: 'FREIGHT',
  name: 'Freight and packing',
  category: 'Services',
  uom: 'shipment',
  stocked: false,
  cost: 0,
  price: 3_500,
};
