import { expect, test } from 'vitest';
import { Follower } from '../../src/runtime/event-log/follow.ts';
import type { StoredEvent } from '../../src/runtime/event-log/port.ts';
import { happened } from './support.ts';

const at = (position: bigint): StoredEvent => ({ ...happened(), stream: 'thing', revision: Number(position), position });
const quiet = { info: () => undefined, warn: () => undefined };

test.for([
  ['repeats the position it was asked to go on from', 5n, [5n, 6n]],
  ['goes back within a page', undefined, [1n, 3n, 2n]],
  ['says a position twice', undefined, [1n, 1n]],
] as const)('a store that %s ends the following with an error instead of an event twice', async ([, after, positions]) => {
  const source = {
    page: async () => positions.map(at),
    tail: () => expect.unreachable(),
    founding: async () => undefined,
  };
  const batches = new Follower(source, after, 10, new AbortController().signal, quiet).batches();
  await expect(batches.next()).rejects.toThrow(/went back/);
  expect(await batches.next()).toEqual({ done: true, value: undefined });
});
