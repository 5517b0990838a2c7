/** Folds the log by the invariants that the modules list, and tells of each what is not as it must be. */
import { type AnyInvariant, instancesOf } from '../../kernel/invariant.ts';
import type { Fact } from '../projector/fact.ts';
import type { Scratch } from './scratch.ts';

export interface Violation {
  readonly invariant: string;
  readonly key: string;
  /** The event after which it does not hold; of what does not hold at rest, the last event of the instance. */
  readonly place: Place;
  readonly sentence: string;
}

export interface Place {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
}

type Moment = 'always' | 'afterAppend' | 'atRest';

/** What is kept of an instance. What went wrong once is told once: what follows from it would only hide it. */
interface Note {
  readonly state: unknown;
  readonly place: Place;
  readonly told: readonly Moment[];
}

interface Subject {
  readonly invariant: AnyInvariant;
  readonly key: string;
}

export class InvariantFold {
  readonly #byType: ReadonlyMap<string, readonly AnyInvariant[]>;
  readonly #invariants: readonly AnyInvariant[];
  readonly #scratch: Scratch;
  /** The append that is being read, and the instances it has concerned. */
  #append = '';
  #concerned = new Map<string, Subject>();

  constructor(invariants: Iterable<AnyInvariant>, scratch: Scratch) {
    this.#invariants = [...invariants];
    this.#scratch = scratch;
    const pairs = this.#invariants.flatMap(invariant => invariant.events.map(({ type }) => ({ type, invariant })));
    const grouped = Map.groupBy(pairs, ({ type }) => type);
    this.#byType = new Map([...grouped].map(([type, own]) => [type, own.map(({ invariant }) => invariant)]));
  }

  /** Takes in the next event of the log. @throws what the event's definition says of data it cannot read */
  *take(fact: Fact): Iterable<Violation> {
    yield* this.#endAppend(`${fact.meta.stream} ${fact.meta.commandId}`);
    for (const invariant of this.#byType.get(fact.meta.type) ?? [])
      for (const key of new Set(instancesOf(invariant, fact.meta.type, fact.data, fact.meta))) {
        this.#evolve({ invariant, key }, fact);
        this.#concerned.set(`${invariant.name} ${key}`, { invariant, key });
        yield* this.#judge({ invariant, key }, 'always');
      }
  }

  /** Takes in that the log ended; `atRest` when nothing is under way behind it. */
  *end(atRest: boolean): Iterable<Violation> {
    yield* this.#endAppend('');
    if (!atRest) return;
    for (const invariant of this.#invariants.filter(entry => entry.atRest !== undefined))
      for (const [key] of this.#scratch.all(invariant.name)) yield* this.#judge({ invariant, key }, 'atRest');
  }

  *#endAppend(next: string): Iterable<Violation> {
    if (next === this.#append) return;
    this.#append = next;
    const concerned = this.#concerned;
    this.#concerned = new Map();
    for (const subject of concerned.values()) yield* this.#judge(subject, 'afterAppend');
  }

  #evolve({ invariant, key }: Subject, { meta, data }: Fact): void {
    const { state, told } = this.#note(invariant, key) ?? { state: invariant.initial(), told: [] };
    const step = invariant.on[meta.type] as (state: unknown, data: unknown, key: string, meta: Fact['meta']) => unknown;
    const { position, stream, revision, type } = meta;
    this.#keep(invariant, key, { state: step(state, data, key, meta), place: { position, stream, revision, type }, told });
  }

  *#judge({ invariant, key }: Subject, moment: Moment): Iterable<Violation> {
    const verdict = invariant[moment] as ((state: unknown, key: string) => Iterable<string>) | undefined;
    const note = verdict && this.#note(invariant, key);
    if (verdict === undefined || note === undefined || note.told.includes(moment)) return;
    const sentences = [...verdict(note.state, key)];
    if (sentences.length === 0) return;
    this.#keep(invariant, key, { ...note, told: [...note.told, moment] });
    for (const sentence of sentences) yield { invariant: invariant.name, key, place: note.place, sentence };
  }

  #note({ name }: AnyInvariant, key: string): Note | undefined {
    const text = this.#scratch.get(name, key);
    return text === undefined ? undefined : (JSON.parse(text) as Note);
  }

  #keep({ name }: AnyInvariant, key: string, note: Note): void {
    this.#scratch.set(name, key, JSON.stringify(note));
  }
}
