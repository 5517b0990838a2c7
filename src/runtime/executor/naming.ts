import type { RecordRef } from '../../kernel/command.ts';
import type { AnyDecider } from '../../kernel/decider.ts';

/** A hash that only this house can make. */
export type Blind = (text: string) => string;

const JOINT = '~';

/** The record of an id; where the id would tell of somebody, a hash stands for what follows its first part. */
export function recordNamed({ category, hides }: AnyDecider, id: string, blind: Blind): RecordRef {
  if (!hides?.(id)) return { category, id };
  const [first] = id.split(JOINT);
  return { category, id: `${first}${JOINT}${blind(id)}` };
}
