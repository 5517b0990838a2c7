/** Chance that repeats itself: the same seed draws the same numbers, so the same day makes the same company. */
export class Chance {
  #state: number;

  constructor(seed: string) {
    let hash = 0x811c9dc5;
    for (const character of seed) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
    this.#state = hash >>> 0;
  }

  /** At least 0, less than 1. Mulberry32: 32 bits of state are plenty for a demonstration. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from least to most, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Whether something of this probability (0 to 1) happens. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws RangeError for nothing to pick from */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('There is nothing to pick from');
    return from[Math.floor(this.next() * from.length)] as T;
  }

  /** One of them, the first ones more often: few customers buy most. */
  favourite<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() ** 2 * from.length)] as T;
  }

  /** Several different ones. */
  some<T>(from: readonly T[], count: number): readonly T[] {
    const rest = [...from];
    return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(this.whole(0, rest.length - 1), 1)[0] as T);
  }
}
