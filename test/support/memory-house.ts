/** A whole house in memory: real commands with their holds, real sagas, the invariants over its log. Views are answers a test gives. */
import { system } from '../../src/kernel/authority.ts';
import type { CommandMessage } from '../../src/kernel/command.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { registry } from '../../src/kernel/module.ts';
import type { AnySaga } from '../../src/kernel/saga.ts';
import { modules } from '../../src/modules/index.ts';
import { createExecutor } from '../../src/runtime/executor/executor.ts';
import type { Outcome } from '../../src/runtime/executor/port.ts';
import { uuidv5 } from '../../src/runtime/ids.ts';
import { factOf } from '../../src/runtime/projector/fact.ts';
import { InvariantFold } from '../../src/runtime/proof/invariants.ts';
import type { Scratch } from '../../src/runtime/proof/scratch.ts';
import type { QueryRunner } from '../../src/runtime/queries/port.ts';
import { type Instance, move } from '../../src/runtime/sagas/move.ts';
import { memoryLog } from './memory-log.ts';

const NOW = '2026-03-02T09:00:00.000Z';
const offered = registry(modules);

type Answers = Readonly<Record<string, unknown>>;

export class MemoryHouse {
  readonly #log = memoryLog();
  readonly #executor;
  readonly #sagas: readonly AnySaga[];
  readonly #instances = new Map<string, Instance>();
  #taken = 0;
  #asked = 0;

  /** `answers` by the name of the query. */
  constructor(sagas: readonly string[], answers: Answers = {}) {
    this.#sagas = sagas.map(name => offered.sagas.get(name) as AnySaga);
    const ask = async ({ type }: { readonly type: string }) => {
      if (!Object.hasOwn(answers, type)) throw new Error(`The test gives no answer to ${type}`);
      return answers[type] as never;
    };
    const queries = { ask, askAny: ask, close: async () => {} } as unknown as QueryRunner;
    this.#executor = createExecutor({ log: this.#log, registry: offered, queries, clock: { now: () => NOW }, timeZone: 'UTC' });
  }

  /** What happened before the test begins. */
  async happened(stream: string, ...events: readonly DomainEvent[]): Promise<void> {
    const commandId = uuidv5('happened', stream);
    const batch = events.map(({ type, data }, index) => ({
      id: uuidv5('event', commandId, String(index)),
      type,
      data,
      metadata: {
        version: offered.events.get(type)?.version ?? 1,
        recordedAt: NOW,
        occurredAt: NOW,
        actor: { kind: 'staff' as const, id: 'ana' },
        commandId,
        commandHash: commandId,
        correlationId: commandId,
        causationId: commandId,
        basis: -1,
      },
    }));
    await this.#log.append(stream, batch, -1);
  }

  /** Somebody who may do everything asks for it, and the sagas do what follows. */
  async ask(message: CommandMessage): Promise<Outcome> {
    const outcome = await this.#run(message, uuidv5('asked', String(++this.#asked)));
    await this.settle();
    return outcome;
  }

  /** All at once, before the sagas do anything. */
  async askTogether(messages: readonly CommandMessage[]): Promise<readonly Outcome[]> {
    const outcomes = await Promise.all(messages.map(message => this.#run(message, uuidv5('asked', String(++this.#asked)))));
    await this.settle();
    return outcomes;
  }

  #run(message: CommandMessage, commandId: string): Promise<Outcome> {
    return this.#executor.execute(message, { caller: system('test'), commandId });
  }

  /** Runs the sagas until nothing is under way. @throws when one of their commands is refused */
  async settle(): Promise<void> {
    for (; this.#taken < this.#log.events.length; this.#taken++) {
      const fact = factOf(this.#log.events[this.#taken] as never, offered);
      if (fact === undefined) continue;
      for (const saga of this.#sagas) {
        const instances = saga.instances[fact.meta.type] as ((data: unknown, meta: unknown) => readonly string[]) | undefined;
        for (const name of instances?.(fact.data, fact.meta) ?? []) await this.#step(saga, name, fact);
      }
    }
  }

  async #step(saga: AnySaga, name: string, fact: NonNullable<ReturnType<typeof factOf>>): Promise<void> {
    const key = `${saga.name} ${name}`;
    const before = this.#instances.get(key);
    const moved = move(saga, name, before, { data: fact.data, meta: fact.meta, wakes: true, history: false });
    if (moved === undefined) return;
    this.#instances.set(key, JSON.parse(JSON.stringify(moved.instance)) as Instance);
    if (moved.instance.status === 'parked') throw new Error(moved.instance.waiting.reason);
    for (const [index, message] of moved.send.entries()) {
      const outcome = await this.#run(message, uuidv5(key, fact.meta.eventId, String(index)));
      if (outcome.kind === 'refused') throw new Error(`${message.command} was refused: ${outcome.refusal.because}`);
    }
  }

  /** How an instance stands. */
  instance(saga: string, name: string): Instance | undefined {
    return this.#instances.get(`${saga} ${name}`);
  }

  /** The data of all facts of a type, in their order. */
  facts<Data>(type: string): readonly Data[] {
    return this.#log.events.filter(event => event.type === type).map(({ data }) => data as Data);
  }

  /** What the invariants find wrong while nothing is under way. */
  faults(): readonly string[] {
    const notes = new Map<string, string>();
    const scratch = {
      get: (kind: string, key: string) => notes.get(`${kind}\n${key}`),
      set: (kind: string, key: string, value: string) => void notes.set(`${kind}\n${key}`, value),
      *all(kind: string) {
        for (const [key, value] of notes) if (key.startsWith(`${kind}\n`)) yield [key.slice(kind.length + 1), value] as const;
      },
    };
    const fold = new InvariantFold(offered.invariants.values(), scratch as unknown as Scratch);
    const found = this.#log.events.flatMap(event => [...fold.take(factOf(event, offered) as never)]);
    return [...found, ...fold.end(true)].map(({ invariant, key, sentence }) => `${invariant} ${key}: ${sentence}`);
  }
}
