/** The invariants of the whole house, by their numbers, checked on the raw log and the clients' ledger by code of its own. */
import { acknowledged, answeredAlike } from './checks/commands.ts';
import { attributed, ordered } from './checks/log.ts';
import { numbered, settled, totalled } from './checks/money.ts';
import { chained, lawful, unparked } from './checks/orders.ts';
import { stocked } from './checks/stock.ts';
import type { Check, History } from './history.ts';

const CHECKS: readonly (readonly [invariant: string, check: Check])[] = [
  ['I1', acknowledged],
  ['I2', answeredAlike],
  ['I3', ordered],
  ['I5', stocked],
  ['I6', totalled],
  ['I6', settled],
  ['I6', numbered],
  ['I7', chained],
  ['I8', lawful],
  ['I9', attributed],
  ['I14', unparked],
];

/** What is not as it must be, each as `<invariant>: <sentence>`. Nothing, when all is well. */
export const violationsOf = (history: History): readonly string[] =>
  CHECKS.flatMap(([invariant, check]) => [...check(history)].map(sentence => `${invariant}: ${sentence}`));
