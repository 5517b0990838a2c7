/** What a batch of facts makes of a projection's rows. Pure: the same facts make the same rows, however they are cut into batches. */
import { type AnyProjection, keysOf } from '../../kernel/projection.ts';
import { FROM, TO } from './ddl.ts';
import type { Fact } from './fact.ts';
import { asStored, type Row } from './row.ts';

/** A fact and the keys of the rows it touches. */
export interface Touch {
  readonly fact: Fact;
  readonly keys: readonly string[];
}

export interface Changes {
  readonly written: ReadonlyMap<string, Row>;
  readonly deleted: readonly string[];
  /** Of a versioned projection: what rows were before, each with its key and the positions from and to which it was so. */
  readonly past: readonly Row[];
}

/** The projection itself failed at a fact; others are not concerned. */
export class ProjectionFailed extends Error {
  override readonly name = 'ProjectionFailed';
  constructor(fact: Fact, cause: unknown) {
    const { type, stream, revision } = fact.meta;
    super(
      `${type} at position ${fact.position} (${stream}, revision ${revision}): ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** The facts that concern a projection, with the keys they touch. @throws ProjectionFailed */
export const touchesOf = (projection: AnyProjection, facts: readonly Fact[]): readonly Touch[] =>
  facts.flatMap(fact => {
    if (!concerns(projection, fact.meta.type)) return [];
    const keys = blamed(fact, () => [...new Set(keysOf(projection, fact.meta.type, dataFor(projection, fact), fact.meta))]);
    return keys.length === 0 ? [] : [{ fact, keys }];
  });

/**
 * Folds facts into the rows as they were before. `before` holds the rows of all keys touched that exist; those of a versioned
 * projection tell from which position on they were so. @throws ProjectionFailed
 */
export function fold(projection: AnyProjection, touches: readonly Touch[], before: ReadonlyMap<string, Row>): Changes {
  const after = new Map<string, Row | null>();
  const past: Row[] = [];
  for (const { fact, keys } of touches) {
    blamed(fact, () => {
      for (const key of keys) {
        const known = after.get(key) ?? (after.has(key) ? undefined : before.get(key));
        const result = reduced(projection, fact, key, known);
        if (result === undefined) continue;
        if (projection.versioned && known !== undefined) past.push({ id: key, ...known, [TO]: Number(fact.position) });
        after.set(key, result && placed(projection, asStored(projection.table.columns, result), fact));
      }
    });
  }
  const written = new Map([...after].filter((entry): entry is [string, Row] => entry[1] !== null));
  const deleted = [...after].flatMap(([key, row]) => (row === null && before.has(key) ? [key] : []));
  return { written, deleted, past };
}

const placed = ({ versioned }: AnyProjection, row: Row, { position }: Fact): Row =>
  versioned ? { ...row, [FROM]: Number(position) } : row;

const concerns = ({ every, on }: AnyProjection, type: string): boolean => every !== undefined || Object.hasOwn(on, type);

/** A view of everything takes facts as they were stored, even those nobody can decode any more. */
const dataFor = ({ every }: AnyProjection, fact: Fact): unknown => (every === undefined ? fact.data : undefined);

type Reducer = (row: Row | undefined, data: unknown, key: string, meta: Fact['meta']) => Row | null | undefined;

function reduced({ every, on }: AnyProjection, fact: Fact, key: string, row: Row | undefined): Row | null | undefined {
  if (every !== undefined) return every.row(fact.stored, fact.meta) as Row;
  return (on[fact.meta.type] as Reducer)(row, fact.data, key, fact.meta);
}

function blamed<Result>(fact: Fact, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new ProjectionFailed(fact, error);
  }
}
