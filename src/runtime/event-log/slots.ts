import type { Deadline } from './patience.ts';

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

export interface SlotLimits {
  readonly countMax: number;
  readonly bytesMax: number;
  readonly waitingMax: number;
}

/**
 * Room for work in flight, bounded by count and by bytes, given in order of asking. Work larger than all the room
 * passes when it is alone.
 */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #waiting: Waiting[] = [];
  #count = 0;
  #bytes = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** Waits for room; answers the function that gives it back, or undefined when the queue is full or the deadline came first. */
  async take(bytes: number, deadline: Deadline): Promise<(() => void) | undefined> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) return this.#occupy(bytes);
    if (this.#waiting.length >= this.#limits.waitingMax) return undefined;
    return await new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        resolve(undefined);
        this.#admit();
      }, deadline.left);
      const entry: Waiting = {
        bytes,
        start: () => {
          clearTimeout(timer);
          resolve(this.#occupy(bytes));
        },
      };
      this.#waiting.push(entry);
    });
  }

  #fits(bytes: number): boolean {
    return this.#count === 0 || (this.#count < this.#limits.countMax && this.#bytes + bytes <= this.#limits.bytesMax);
  }

  #occupy(bytes: number): () => void {
    this.#count += 1;
    this.#bytes += bytes;
    return () => {
      this.#count -= 1;
      this.#bytes -= bytes;
      this.#admit();
    };
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.start();
    }
  }
}
