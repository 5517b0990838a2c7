import { createHmac, timingSafeEqual } from 'node:crypto';
import { BadCursor } from '../../kernel/query.ts';

export interface Sealer {
  seal(scope: string, values: readonly unknown[]): string;
  /** @throws BadCursor when the cursor was edited, or sealed for another scope */
  unseal(scope: string, cursor: string): readonly unknown[];
}

/** Cursors that only this house can make: HMAC-SHA256 over the values and what they are for. */
export function sealer(secret: string): Sealer {
  const mark = (scope: string, payload: string): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['cursor', scope, payload]))
      .digest('base64url');
  return {
    seal(scope, values) {
      const payload = Buffer.from(JSON.stringify(values)).toString('base64url');
      return `${payload}.${mark(scope, payload)}`;
    },
    unseal(scope, cursor) {
      const [payload = '', given = '', ...rest] = cursor.split('.');
      if (rest.length > 0 || !same(given, mark(scope, payload))) throw new BadCursor('This cursor was not made for this list');
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown[];
    },
  };
}

function same(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
