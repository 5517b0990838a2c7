import { hash, verify } from '@node-rs/argon2';
import { Overloaded } from '../executor/port.ts';

/** argon2id with 19 MiB, two passes, one lane: the first choice of RFC 9106 for machines that do other work too (OWASP's minimum). */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const AT_ONCE_MAX = 2;
const WAITING_MAX = 100;

/** Hashes and checks passwords, few at a time, so that a flood of sign-ins costs bounded memory and leaves cores for others. */
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #nobodys: Promise<string> | undefined;

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, COST));
  }

  /** Takes as long for an unknown account (`stored` undefined) as for a known one. */
  async matches(stored: string | undefined, password: string): Promise<boolean> {
    this.#nobodys ??= hash('nobody', COST);
    const against = stored ?? (await this.#nobodys);
    const same = await this.#inTurn(() => verify(against, password));
    return stored !== undefined && same;
  }

  /** @throws Overloaded when too many are waiting */
  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting.length >= WAITING_MAX) throw new Overloaded('Too many are signing in at once');
    if (this.#running >= AT_ONCE_MAX) await new Promise<void>(go => this.#waiting.push(go));
    else this.#running++;
    try {
      return await work();
    } finally {
      // The place is handed on to the next in line, or given back.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
