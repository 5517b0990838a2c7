import { registry } from '../../../src/kernel/module.ts';
import { modules } from '../../../src/modules/index.ts';
import type { StoredEvent } from '../../../src/runtime/event-log/port.ts';
import { factOf } from '../../../src/runtime/projector/fact.ts';
import { InvariantFold } from '../../../src/runtime/proof/invariants.ts';
import { Scratch } from '../../../src/runtime/proof/scratch.ts';
import type { Check } from '../history.ts';

const house = registry(modules);

/** I5 to I8: what the modules promise of stock, money, documents and their steps, at every revision and at rest. */
export const promised: Check = function* ({ events }) {
  const scratch = new Scratch();
  const fold = new InvariantFold(house.invariants.values(), scratch);
  for (const event of events) {
    const fact = factOf(event as unknown as StoredEvent, house);
    if (fact !== undefined) for (const { invariant, key, sentence } of fold.take(fact)) yield `${invariant}, ${key}: ${sentence}`;
  }
  for (const { invariant, key, sentence } of fold.end(true)) yield `${invariant}, ${key}: ${sentence}`;
  scratch.close();
};

/** I14: no process met a fault that stopped it. */
export const unparked: Check = function* ({ events }) {
  for (const { type, stream, data } of events) if (type === 'ProcessParked') yield `${stream} is parked: ${data['reason']}`;
};
