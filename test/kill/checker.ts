/** The invariants of the whole house, by their numbers, checked on the raw log and the clients' ledger. */
import { promised, unparked } from './checks/business.ts';
import { acknowledged, answeredAlike } from './checks/commands.ts';
import { attributed, ordered } from './checks/log.ts';
import type { Check, History } from './history.ts';

const CHECKS: readonly (readonly [invariant: string, check: Check])[] = [
  ['I1', acknowledged],
  ['I2', answeredAlike],
  ['I3', ordered],
  ['I5-I8', promised],
  ['I9', attributed],
  ['I14', unparked],
];

/** What is not as it must be, each as `<invariant>: <sentence>`. Nothing, when all is well. */
export const violationsOf = (history: History): readonly string[] =>
  CHECKS.flatMap(([invariant, check]) => [...check(history)].map(sentence => `${invariant}: ${sentence}`));
