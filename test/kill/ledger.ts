/**
 * What the clients know of their own commands: a line before each is sent, a line after each answer, flushed both times. So
 * whatever the house says later can be held against what it had promised.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { uuidv5 } from '../../src/runtime/ids.ts';

export interface Wish {
  readonly key: string;
  /** As the API defines it, e.g. `POST /deliveries/:id/ship`. */
  readonly route: string;
}

/** What a command came to, as it was answered. */
export interface Answer {
  readonly status: number;
  readonly id: string;
  readonly revision: number;
  readonly position: string;
}

export type Line = { readonly at: number; readonly n: string } & (
  | ({ readonly state: 'sent' } & Wish)
  | { readonly state: 'acked'; readonly answer: Answer }
  | { readonly state: 'refused'; readonly status: number; readonly code: string }
  /** `unknown`: it went out and nobody knows what became of it; `unreached`: nobody listened. */
  | { readonly state: 'unknown' | 'unreached'; readonly because: string }
);

export class Ledger {
  readonly #file: FileHandle;
  #waiting: { readonly text: string; readonly flushed: () => void }[] = [];
  #writing: Promise<void> | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<Ledger> {
    return new Ledger(await open(path, 'a'));
  }

  /** Settles when the line is on the disk; lines that come meanwhile share one flush. */
  write(line: Line): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ text: `${JSON.stringify(line)}\n`, flushed: resolve });
    this.#writing ??= this.#flush();
    return promise;
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0);
      await this.#file.writeFile(lines.map(({ text }) => text).join(''));
      await this.#file.datasync();
      for (const { flushed } of lines) flushed();
    }
    this.#writing = undefined;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }
}

/** One command with all that happened to it. */
export interface Command extends Wish {
  readonly n: string;
  /** Under which the log knows it. */
  readonly id: string;
  readonly sentAt: number;
  readonly lines: readonly Line[];
}

/** @param principal whose commands they are, as the API names them: the id of the user who is signed in */
export async function readLedger(path: string, principal: string): Promise<readonly Command[]> {
  const lines = (await readFile(path, 'utf8'))
    .split('\n')
    .filter(text => text !== '')
    .map(text => JSON.parse(text) as Line);
  return commandsOf(lines, principal);
}

export const commandsOf = (lines: readonly Line[], principal: string): readonly Command[] =>
  [...Map.groupBy(lines, ({ n }) => n)].map(([n, own]) => {
    const [sent, ...rest] = own;
    if (sent?.state !== 'sent') throw new Error(`The ledger has an answer to ${n}, which was never sent`);
    const { key, route, at } = sent;
    return { n, key, route, id: uuidv5('command', principal, route, key), sentAt: at, lines: rest };
  });

export const answersOf = ({ lines }: Command): readonly Answer[] => lines.flatMap(line => (line.state === 'acked' ? [line.answer] : []));
export const isRefused = ({ lines }: Command): boolean => lines.some(({ state }) => state === 'refused');
