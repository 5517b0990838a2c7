import { createHash } from 'node:crypto';
import type { AnyProjection } from '../../kernel/projection.ts';

/**
 * Hash of the functions that make a projection's rows, by their source: when it changes, rows made before are no longer what
 * the functions would make. What they call is not part of it; after a change there, `npm run rebuild` or a new version is
 * needed, and `npm run verify` tells when it was forgotten.
 */
export const logicOf = ({ on, keys, every }: AnyProjection): string =>
  createHash('sha256')
    .update(JSON.stringify([sourcesOf(on), sourcesOf(keys), sourcesOf(every)]))
    .digest('hex');

/** In the order of names: the order in which handlers are written down means nothing. */
const sourcesOf = (functions: object = {}): readonly (readonly [string, string])[] =>
  Object.entries(functions)
    .map(([name, work]) => [name, String(work)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
