/** What other contexts may hold in this one. */
import type { Hold } from '../../kernel/command.ts';
import { pickStock, unpickStock } from './stock.ts';

type Picked = Parameters<typeof pickStock>[0];

/** Sets the goods of one line aside for a delivery that is being approved. */
export function goodsPicked({ quantity, ...line }: Picked): Hold {
  return { take: pickStock({ ...line, quantity }), release: unpickStock(line) };
}
