import { appendFile, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { effectsCommand } from '../../src/cli/effects-command.ts';
import type { Answer } from '../../src/kernel/effect.ts';
import { standingOf } from '../../src/runtime/effects/halting.ts';
import { Journal } from '../../src/runtime/effects/journal.ts';
import { Ownership } from '../../src/runtime/ownership.ts';
import { calls, type Outbox, outbox, quick } from './bench-outbox.ts';
import { eventually } from './receivers.ts';

const broken: Answer = { kind: 'failed', problem: '500', blames: 'destination' };
const taken: Answer = { kind: 'taken', answer: '204' };
const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => String(index));

const CUT_OWNER = `
  select pg_terminate_backend(pid) from pg_locks
  where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;

let box: Outbox;
beforeEach(async () => {
  box = await outbox();
});
afterEach(() => box.close());

const said = (): readonly string[] => box.sent.map(entry => entry.said).sort();
const arrived = (count: number): Promise<true> =>
  eventually(() => (new Set(box.sent.map(({ id }) => id)).size >= count ? true : undefined), `${count} calls`);
const becomes = (status: string, count = 1): Promise<unknown> =>
  eventually(async () => {
    const [row] = await box.rows('select count(*)::integer as count from read.effects where status = $1', [status]);
    return row?.['count'] === count ? row : undefined;
  }, `${count} ${status}`);
const told = (kind: string): Promise<unknown> =>
  eventually(
    () =>
      box.asked.find(({ command, input }) => command === 'AnswerCall' && (input as { outcome: { kind: string } }).outcome.kind === kind),
    kind,
  );

describe('an effect', () => {
  test('of a fact goes out once, and what became of it is told once', async () => {
    await box.start();
    await box.call('ada~1');
    await box.call('ada~2', '2020-01-01T00:00:00.000Z');
    await told('done');
    expect(box.sent).toHaveLength(1);
    expect(box.asked).toEqual([{ command: 'AnswerCall', input: { id: 'ada~1', outcome: { kind: 'done' } } }]);
  });

  test('that fails is tried again under the same id, and every try is kept', async () => {
    const ids: string[] = [];
    box.way = id => (ids.push(id) < 3 ? broken : taken);
    await box.start();
    await box.call('ada~1');
    await becomes('done');
    expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
    expect(await box.rows('select number, answer, problem from read.effect_tries order by number')).toEqual([
      { number: 1, answer: null, problem: '500' },
      { number: 2, answer: null, problem: '500' },
      { number: 3, answer: '204', problem: null },
    ]);
  });

  test('is given up after its last try, which becomes a fact once', async () => {
    let tries = 0;
    box.way = () => {
      tries++;
      return broken;
    };
    await box.start();
    await box.call('ada~1');
    await told('givenUp');
    expect(tries).toBe(quick.pausesMs.length + 1);
    const facts = box.asked.filter(({ command }) => command === 'GiveUpEffect');
    expect(facts).toMatchObject([{ input: { effect: 'Call', destination: 'ada', tries: 4, round: 0, because: '500' } }]);
    expect(box.asked).toContainEqual({
      command: 'AnswerCall',
      input: { id: 'ada~1', outcome: { kind: 'givenUp', because: '500', destination: 'well' } },
    });
  });

  test('given up after days without one success says that its destination fails', async () => {
    box.pace = { ...quick, failingMs: 0 };
    box.way = () => broken;
    await box.start();
    await box.call('ada~1');
    expect(await told('givenUp')).toMatchObject({ input: { outcome: { destination: 'failing' } } });
  });

  test('that its destination refuses for good is not tried again, and others for it go on', async () => {
    box.way = (_, { body }) => (body === 'ada~1' ? { kind: 'refused', problem: 'unreadable' } : taken);
    await box.start();
    await box.call('ada~1');
    await box.call('ada~2');
    await becomes('given-up');
    await arrived(1);
    expect(said()).toEqual(['ada~2']);
  });

  test('whose receiver says when to come back waits until then, with all others for it', async () => {
    let tries = 0;
    box.way = (_, { body }) => (body.startsWith('ada') && tries++ === 0 ? { ...broken, retryAfterMs: 3_600_000 } : taken);
    await box.start();
    await box.call('ada~1');
    await eventually(() => (tries === 1 ? true : undefined), 'The try');
    await box.call('ada~2');
    await box.call('bob~1');
    await arrived(1);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(said()).toEqual(['bob~1']);
  });

  test('waits where its channel has no way out, says so, and goes out when there is one', async () => {
    const runner = await box.start({ adapters: { webhook: { missing: 'No way out is set.' } } });
    await box.call('ada~1');
    await becomes('halted');
    expect(await box.rows('select problem, tries from read.effects')).toEqual([{ problem: 'No way out is set.', tries: 0 }]);
    await runner.stop();
    await box.start();
    await arrived(1);
  });
});

describe('a destination', () => {
  test('that hangs delays nobody else', async () => {
    const { promise: forever, resolve: release } = Promise.withResolvers<Answer>();
    box.way = (_, { body }) => (body.startsWith('slow') ? forever : taken);
    await box.start();
    for (const number of numbers(100)) await box.call(`slow~${number}`);
    for (const number of numbers(40)) await box.call(`slow${number}~1`);
    const began = performance.now();
    await box.call('quick~1');
    await arrived(1);
    expect(said()).toEqual(['quick~1']);
    expect(performance.now() - began).toBeLessThan(2_000);
    release(taken);
    await arrived(141);
  });

  test('in trouble is tried by one effect at a time, and heard out in full once it is well', async () => {
    let open = 0;
    let most = 0;
    let well = false;
    box.way = async () => {
      most = Math.max(most, ++open);
      await new Promise(resolve => setTimeout(resolve, 5));
      open--;
      return well ? taken : broken;
    };
    box.pace = { ...quick, pausesMs: Array.from({ length: 200 }, () => 5) };
    await box.start();
    await box.call('ada~first');
    await eventually(
      async () => ((await box.rows('select failures from ops.effect_destinations where failures > 1')).length > 0 ? true : undefined),
      'Trouble',
    );
    for (const number of numbers(20)) await box.call(`ada~${number}`);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(most).toBe(1);
    well = true;
    await arrived(21);
  });
});

describe('a replay of the log', () => {
  test('by a reaction that was changed sends nothing anew, and goes on with what comes', async () => {
    const runner = await box.start();
    for (const number of numbers(5)) await box.call(`ada~${number}`);
    await arrived(5);
    await runner.stop();
    await box.rows('delete from ops.effects');
    await box.start({ reactions: [calls(2)] });
    await box.call('ada~new');
    await arrived(6);
    expect(box.sent).toHaveLength(6);
    expect(await box.rows('select state from ops.reactions')).toEqual([{ state: { heard: 6 } }]);
  });

  test('by a reaction that is new tells nothing of the past', async () => {
    await box.call('ada~old');
    await box.start();
    await box.call('ada~new');
    await arrived(1);
    expect(said()).toEqual(['ada~new']);
  });
});

describe('after a failure', () => {
  test('of the connection in the middle of sending, all goes out, and a receiver that knows ids has each once', async () => {
    let cut = false;
    box.way = async () => {
      await new Promise(resolve => setTimeout(resolve, 2));
      return taken;
    };
    await box.start();
    for (const number of numbers(60)) {
      await box.call(`d${Number(number) % 7}~${number}`);
      if (number === '30') cut = (await box.rows(CUT_OWNER)).length > 0;
    }
    await arrived(60);
    await becomes('done', 60);
    expect(cut).toBe(true);
    expect(new Set(said()).size).toBe(60);
  });

  test('between sending and noting, what the journal knows is not sent again', async () => {
    const first = await box.start();
    for (const number of numbers(3)) await box.call(`ada~${number}`);
    await becomes('done', 3);
    await first.stop();
    // As if the process had died after the journal's line and before the database's mark.
    await box.rows(`update ops.effects set status = 'waiting', due_at = now()`);
    await box.rows(`update ops.effect_journals set bytes = 0`);
    await box.start();
    await becomes('done', 3);
    expect(box.sent).toHaveLength(3);
    expect(await box.rows('select * from ops.effects_sent_before')).toEqual([]);
  });

  test('in the middle of a line of the journal, the line is dropped, and all others hold', async () => {
    const first = await box.start();
    for (const number of numbers(3)) await box.call(`ada~${number}`);
    await becomes('done', 3);
    await first.stop();
    const [file = ''] = await readdir(box.journalDir);
    await appendFile(join(box.journalDir, file), '{"id":"5b6f');
    await box.rows(`update ops.effects set status = 'waiting', due_at = now()`);
    await box.rows(`update ops.effect_journals set bytes = 0`);
    await box.start();
    await becomes('done', 3);
    await box.call('ada~new');
    await becomes('done', 4);
    expect(said()).toEqual(['ada~0', 'ada~1', 'ada~2', 'ada~new']);
    const lines = (await readFile(join(box.journalDir, file), 'utf8')).trimEnd().split('\n');
    expect(lines.map(line => Object.keys(JSON.parse(line) as object)[0])).toEqual(['journal', 'id', 'id', 'id', 'id']);
  });

  test('of the disk of the journal, what was sent is not sent again and again, and nothing else goes out', async () => {
    const unwritten = new Map<string, number>();
    const owner = (await Ownership.claim(box.poolOf(), 'effects', new AbortController().signal)) as Ownership;
    const journal = (await Journal.open(box.journalDir, 'memory', owner, unwritten)) as Journal;
    await journal.close();
    await expect(journal.sent([{ id: 'a', round: 0 }])).rejects.toThrow();
    const anew = (await Journal.open(box.journalDir, 'memory', owner, unwritten)) as Journal;
    expect([anew.knows({ id: 'a', round: 0 }), anew.knows({ id: 'a', round: 1 }), anew.knows({ id: 'b', round: 0 })]).toEqual([
      true,
      false,
      false,
    ]);
    await anew.close();
    owner.release();
    // A disk on which nothing can be written.
    const full = await mkdtemp(join(tmpdir(), 'throughline-full-'));
    await symlink('/dev/full', join(full, 'sent-memory.jsonl'));
    await box.rows('delete from ops.effect_journals');
    await box.start({ journalDir: full });
    await box.call('ada~1');
    await new Promise(resolve => setTimeout(resolve, 700));
    expect(box.sent).toEqual([]);
    await rm(full, { recursive: true });
  });
});

describe('a restored backup', () => {
  /** Three calls that were waiting when the backup was made, and went out after it. */
  async function backup(): Promise<string> {
    const before = await box.start({ adapters: { webhook: { missing: 'Not yet.' } } });
    for (const number of numbers(3)) await box.call(`ada~${number}`);
    await becomes('halted', 3);
    await before.stop();
    const copy = await box.copied();
    const after = await box.start();
    await arrived(3);
    await becomes('done', 3);
    await after.stop();
    return copy;
  }

  test('on the same machine sends nothing twice, and goes on', async () => {
    const copy = await backup();
    await box.start({ url: copy });
    await box.call('ada~new');
    await arrived(4);
    expect(box.sent).toHaveLength(4);
  });

  async function elsewhere(work: (url: string) => Promise<void>): Promise<void> {
    const copy = await backup();
    const folder = await mkdtemp(join(tmpdir(), 'throughline-elsewhere-'));
    try {
      const runner = await box.start({ url: copy, journalDir: folder });
      await eventually(
        async () => ((await standingOf(box.poolOf(copy)))[0]?.problem?.includes('restored copy') ? true : undefined),
        'The halt',
      );
      await work(copy);
      await runner.stop();
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('on another machine sends nothing, says why, and sends what waits once the operator says so', () =>
    elsewhere(async copy => {
      await box.call('ada~new');
      await new Promise(resolve => setTimeout(resolve, 700));
      expect(box.sent).toHaveLength(3);
      expect((await effectsCommand([], box.poolOf(copy))).join()).toMatch(/4 webhook halted: .*may be a restored copy/);
      await effectsCommand(['release'], box.poolOf(copy));
      await eventually(() => (box.sent.length === 7 ? true : undefined), 'What waited');
    }));

  test('on another machine sends nothing of what the operator drops, and then goes on', () =>
    elsewhere(async copy => {
      expect(await effectsCommand(['drop'], box.poolOf(copy))).toEqual([expect.stringMatching(/^3 effects were given up/)]);
      await effectsCommand(['release'], box.poolOf(copy));
      await box.call('ada~new');
      await arrived(4);
      expect(box.sent).toHaveLength(4);
    }));
});
