import { createHash } from 'node:crypto';
import type { AnyProjection } from '../../kernel/projection.ts';

/**
 * Hash of the functions that make a projection's rows, by their source, and of whether it keeps their past: when it changes,
 * rows made before are no longer what would be made. What the functions call is not part of it; after a change there,
 * `npm run rebuild` or a new version is needed, and `npm run verify` tells when it was forgotten.
 */
export const logicOf = ({ on, keys, every, versioned }: AnyProjection): string =>
  createHash('sha256')
    .update(JSON.stringify([sourcesOf(on), sourcesOf(keys), sourcesOf(every), ...(versioned ? ['versioned'] : [])]))
    .digest('hex');

/** In the order of names: the order in which handlers are written down means nothing. */
const sourcesOf = (functions: object = {}): readonly (readonly [string, string])[] =>
  Object.entries(functions)
    .map(([name, work]) => [name, String(work)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
