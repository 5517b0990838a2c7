/** Random choices that a seed repeats: so a run that failed can be had again, as far as processes can be. */
export interface Random {
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** True with a probability given in percent. */
  chance(percent: number): boolean;
  pick<T>(choices: readonly T[]): T;
  shuffled<T>(things: readonly T[]): readonly T[];
}

export function randomFrom(seed: number): Random {
  const next = mulberry32(seed);
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    between,
    chance: percent => between(1, 100) <= percent,
    pick: choices => choices[between(0, choices.length - 1)]!,
    shuffled: things =>
      things
        .map(thing => ({ thing, rank: next() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ thing }) => thing),
  };
}

/** Mulberry32: 32 bits of state are plenty for choosing victims and carts. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
