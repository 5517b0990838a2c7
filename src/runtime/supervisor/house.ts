import type { Say } from './keeper.ts';

/** Something that was started and will be stopped. */
export interface Member {
  readonly name: string;
  /** How long it may take to stop in good order, in milliseconds. */
  readonly stopMs: number;
  stop(patienceMs: number, hurry: AbortSignal): Promise<void>;
}

/** What runs, in the order in which it was started. It stops in the opposite order: what is used goes after what uses it. */
export class House {
  readonly #members: Member[] = [];
  readonly #hurry = new AbortController();
  readonly #say: Say;
  #stopped: Promise<void> | undefined;

  constructor(say: Say) {
    this.#say = say;
  }

  /** Takes in what starts or has started. */
  add(member: Member): void {
    this.#members.push(member);
  }

  /** Stops all that was added, one after the other. Asked again, it gives the same answer. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  /** No more patience: what has not stopped yet is ended. */
  hurry(): void {
    this.#hurry.abort();
  }

  async #stopAll(): Promise<void> {
    for (const { name, stopMs, stop } of this.#members.toReversed()) {
      try {
        await stop(stopMs, this.#hurry.signal);
      } catch (error) {
        this.#say(`${name} did not stop in good order: ${(error as Error).message}.`);
      }
    }
  }
}
