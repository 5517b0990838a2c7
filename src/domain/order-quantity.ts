/** Which quantities of an item may be ordered at its price. */
import { type Refusal, refuse } from '../kernel/decider.ts';
import { type Quantity, quantity, quantityText } from '../kernel/quantity.ts';

export interface QuantityTerms {
  readonly minQuantity?: Quantity | undefined;
  readonly orderMultiple?: Quantity | undefined;
}

/** Thousandths of a unit: the least there is to order. */
const SMALLEST = 1;

interface Permitted {
  /** Undefined where all that may be ordered is more. */
  readonly below?: Quantity;
  readonly above: Quantity;
}

/** The nearest quantities on either side that may be ordered. */
function permitted(wanted: Quantity, { minQuantity, orderMultiple }: QuantityTerms): Permitted {
  const step = orderMultiple ?? SMALLEST;
  const least = Math.ceil((minQuantity ?? SMALLEST) / step) * step;
  const below = Math.floor(wanted / step) * step;
  const above = quantity(Math.max(least, Math.ceil(wanted / step) * step));
  return below < least ? { above } : { below: quantity(below), above };
}

/** Why so many cannot be ordered; `nearest` in its details is the closest quantity that can, of two alike the larger. */
export function quantityRefusal(sku: string, uom: string, wanted: Quantity, terms: QuantityTerms): Refusal | undefined {
  const { below, above } = permitted(wanted, terms);
  if (below === wanted) return undefined;
  const nearest = below !== undefined && wanted - below < above - wanted ? below : above;
  const details = { nearest: quantityText(nearest), below: below === undefined ? null : quantityText(below), above: quantityText(above) };
  const { minQuantity, orderMultiple } = terms;
  if (minQuantity !== undefined && wanted < minQuantity)
    return refuse(
      'MinQty',
      `At least ${quantityText(minQuantity)} ${uom} of ${sku} are sold; ${quantityText(nearest)} can be ordered.`,
      details,
    );
  return refuse(
    'OrderMultiple',
    `${sku} is sold in multiples of ${quantityText(orderMultiple ?? SMALLEST)} ${uom}; ${quantityText(nearest)} can be ordered.`,
    details,
  );
}
