import { Overloaded } from './port.ts';

/** How many may wait for one key before further ones are turned away. */
const WAITING_MAX = 1_000;

/** Lets the work on one key run one at a time, in the order it came; work on other keys runs beside it. */
export class Turns {
  readonly #last = new Map<string, { tail: Promise<unknown>; waiting: number }>();

  /** @throws Overloaded when too much waits for the key already */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const line = this.#last.get(key) ?? { tail: Promise.resolve(), waiting: 0 };
    if (line.waiting >= WAITING_MAX) throw new Overloaded(`More than ${WAITING_MAX} commands wait for ${key}`);
    line.waiting++;
    const turn = line.tail.then(work, work);
    line.tail = turn.catch(() => undefined);
    this.#last.set(key, line);
    try {
      return await turn;
    } finally {
      line.waiting--;
      if (line.waiting === 0) this.#last.delete(key);
    }
  }

  get size(): number {
    return this.#last.size;
  }

  /** Work under way or waiting, of all keys. */
  get waiting(): number {
    return this.#last.values().reduce((sum, { waiting }) => sum + waiting, 0);
  }
}
