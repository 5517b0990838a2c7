/** Findings of one check that are told; of more only the number is. */
const TOLD_MAX = 20;

const CHECKS = {
  gaps: 'Positions without gaps',
  chain: 'Hash chain and signed heads',
  heads: 'Signatures of the heads',
  order: 'Revisions, ids, and who did what on which basis',
  shape: 'Every event is readable',
  invariants: 'What must be true of the business',
  views: 'Views equal a fresh fold of the log',
} as const;
export type CheckName = keyof typeof CHECKS;

export interface Checked {
  readonly name: CheckName;
  readonly title: string;
  /** Sentences, each beginning with its position where it has one; the first come first. */
  readonly findings: readonly string[];
  /** All findings, those included that are not told. */
  readonly count: number;
}

export interface Verdict {
  readonly isClean: boolean;
  readonly checks: readonly Checked[];
  readonly notes: readonly string[];
}

/** Gathers what is found, bounded however much is wrong. */
export class Report {
  readonly #found = new Map<CheckName, { readonly told: string[]; count: number }>();
  readonly #notes: string[] = [];
  #notesLeftOut = 0;

  get isClean(): boolean {
    return this.#found.size === 0;
  }

  found(check: CheckName, sentence: string): void {
    const entry = this.#found.get(check) ?? { told: [], count: 0 };
    entry.count += 1;
    if (entry.told.length < TOLD_MAX) entry.told.push(sentence);
    this.#found.set(check, entry);
  }

  counted(check: CheckName, sentences: readonly string[]): void {
    for (const sentence of sentences) this.found(check, sentence);
  }

  /** Something a reader should know that is nothing amiss. */
  note(sentence: string): void {
    if (this.#notes.length < TOLD_MAX) this.#notes.push(sentence);
    else this.#notesLeftOut += 1;
  }

  verdict(): Verdict {
    const checks = (Object.keys(CHECKS) as CheckName[]).map(name => {
      const { told, count } = this.#found.get(name) ?? { told: [], count: 0 };
      return { name, title: CHECKS[name], findings: told, count };
    });
    const rest = this.#notesLeftOut > 0 ? [`${this.#notesLeftOut} more notes are left out.`] : [];
    return { isClean: this.isClean, checks, notes: [...this.#notes, ...rest] };
  }
}

/** The verdict as lines for people. */
export function linesOf({ isClean, checks, notes }: Verdict): readonly string[] {
  const told = checks.flatMap(({ title, findings, count }) => [
    `${count === 0 ? 'ok   ' : 'FAULT'} ${title}`,
    ...findings.map(sentence => `      ${sentence}`),
    ...(count > findings.length ? [`      and ${count - findings.length} more`] : []),
  ]);
  return [...notes, ...told, isClean ? 'Everything is as it must be.' : 'Not everything is as it must be.'];
}
