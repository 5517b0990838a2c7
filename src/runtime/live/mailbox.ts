/** Holds what one reader has not taken yet, up to a bound: who falls further behind is dropped, and resumes from the log. */
export class Mailbox<Item> implements AsyncIterable<Item> {
  readonly #max: number;
  readonly #items: Item[] = [];
  #ended = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  constructor(max: number) {
    this.#max = max;
  }

  put(item: Item): void {
    if (this.#ended) return;
    this.#items.push(item);
    if (this.#items.length > this.#max) this.fail(new TooSlow());
    this.#wake();
  }

  /** No more comes; what is there may still be taken. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Nothing more may be taken. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#items.length = 0;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended) return;
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
    }
  }
}

/** The reader did not keep up. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}
