import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { RestartPace } from './pace.ts';
import { Stopped } from './refused.ts';

/** Tells the operator something, in one line. */
export type Say = (sentence: string) => void;

/** One life of something that runs until it ends or is stopped. */
export interface Running {
  /** Settles when it has ended, with how: `exit code 1`, `signal SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  /** Asks it to end, makes it end when `patienceMs` has passed or `hurry` fires, and settles when it has ended. */
  stop(patienceMs: number, hurry: AbortSignal): Promise<void>;
}

/** How a process ends, once it does. */
export const endOf = (child: ChildProcess): Promise<string> =>
  new Promise(resolve => {
    child.once('error', error => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });

export interface KeeperOptions<Life extends Running> {
  readonly name: string;
  /** Settles when it is ready for use. Cleans up after itself when it fails or when the signal fires. */
  readonly start: (signal: AbortSignal) => Promise<Life>;
  readonly say: Say;
}

/** Keeps something running: starts it again, with growing pauses, whenever it ends by itself. */
export class Keeper<Life extends Running> {
  readonly #options: KeeperOptions<Life>;
  readonly #pace = new RestartPace();
  readonly #stopping = new AbortController();
  #running: Life | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions<Life>) {
    this.#options = options;
  }

  /** The life that runs now; undefined between two. */
  get running(): Life | undefined {
    return this.#running;
  }

  /** The first start. @throws what `start` throws; later failures are told and tried again */
  async start(): Promise<Life> {
    const running = await this.#options.start(this.#stopping.signal);
    if (this.#stopping.signal.aborted) {
      await running.stop(0, this.#stopping.signal);
      throw new Stopped();
    }
    this.#running = running;
    this.#keeping = this.#keep(running);
    return running;
  }

  async stop(patienceMs: number, hurry: AbortSignal): Promise<void> {
    this.#stopping.abort();
    await this.#running?.stop(patienceMs, hurry);
    await this.#keeping;
  }

  async #keep(first: Running): Promise<void> {
    let reason = await first.ended;
    this.#running = undefined;
    while (!this.#stopping.signal.aborted) {
      const pauseMs = this.#pace.next(performance.now());
      this.#options.say(`${this.#options.name} ended (${reason}); it is started again in ${pauseMs / 1_000} s.`);
      await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (!this.#stopping.signal.aborted) reason = await this.#live();
    }
  }

  /** One more life, from its start to its end. */
  async #live(): Promise<string> {
    try {
      const running = await this.#options.start(this.#stopping.signal);
      if (this.#stopping.signal.aborted) await running.stop(0, this.#stopping.signal);
      this.#running = running;
      this.#options.say(`${this.#options.name} runs again.`);
      return await running.ended;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#running = undefined;
    }
  }
}
