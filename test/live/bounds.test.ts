import { expect, test } from 'vitest';
import { caller } from '../../src/kernel/authority.ts';
import { registry } from '../../src/kernel/module.ts';
import type { SignedIn } from '../../src/runtime/identity/port.ts';
import { LiveFeed, type Tiding } from '../../src/runtime/live/feed.ts';
import { Mailbox, TooSlow } from '../../src/runtime/live/mailbox.ts';
import { notesModule } from '../api/notes.ts';
import { memoryLog } from '../support/memory-log.ts';

test('a reader who does not keep up is dropped instead of held in memory', async () => {
  const mailbox = new Mailbox<number>(3);
  for (const item of [1, 2, 3]) mailbox.put(item);
  const reading = mailbox[Symbol.asyncIterator]();
  expect(await reading.next()).toMatchObject({ value: 1 });
  for (const item of [4, 5]) mailbox.put(item);
  await expect(reading.next()).rejects.toThrow(TooSlow);
});

test('a reader who waits is ended with the feed', async () => {
  const log = memoryLog();
  const feed = new LiveFeed({ log, registry: registry([notesModule]), identity: { settled: async () => undefined } });
  const actor = { kind: 'staff', id: 'ana' } as const;
  const who = { caller: caller(actor, new Set(['*'])), principalId: 'ana' } as SignedIn;
  const told: Tiding[] = [];
  const ended = (async () => {
    for await (const tiding of feed.listen({ again: async () => who, wants: () => true, gone: new AbortController().signal })) {
      told.push(tiding);
      feed.close();
    }
  })();
  await ended;
  expect(told).toEqual([{ kind: 'ready', position: undefined }]);
});
