import { z } from 'zod';
import { type CommandMessage, type Hold, streamOf } from '../../kernel/command.ts';
import type { Registry } from '../../kernel/module.ts';
import { digest } from '../ids.ts';
import { type Blind, recordNamed } from './naming.ts';
import { newer } from './outcomes.ts';
import type { Outcome } from './port.ts';

type Commands = Registry['commands'];

/** What one command has secured in other streams, over all rounds of deciding it. */
export class Holds {
  readonly #commands: Commands;
  readonly #blind: Blind;
  readonly #run: (message: CommandMessage) => Promise<Outcome>;
  /** By the message that took it. */
  readonly #taken = new Map<string, Hold>();

  /** `run` runs a command of the house itself, in the thread of the one that holds. */
  constructor(commands: Commands, blind: Blind, run: (message: CommandMessage) => Promise<Outcome>) {
    this.#commands = commands;
    this.#blind = blind;
    this.#run = run;
  }

  /**
   * Takes holds one after the other in the order of their streams, so that two commands never wait for each other. Answers the
   * first outcome that is not `done`, or undefined when all are taken.
   */
  async take(holds: readonly Hold[]): Promise<Outcome | undefined> {
    const wanted = holds
      .map(hold => ({ hold, stream: heldStream(this.#commands, this.#blind, hold.take) }))
      .sort((a, b) => (a.stream < b.stream ? -1 : 1));
    for (const { hold } of wanted) {
      const outcome = await this.#run(hold.take);
      if (outcome.kind !== 'done') return outcome;
      this.#taken.set(digest(hold.take), hold);
    }
    return undefined;
  }

  /** Gives back, newest first, what was held for a command that came to nothing; the answer's position shows it given back. */
  async release(outcome: Outcome): Promise<Outcome> {
    let position = 'position' in outcome ? outcome.position : undefined;
    for (const hold of [...this.#taken.values()].reverse()) {
      const back = await this.#run(hold.release);
      if (back.kind === 'done') position = newer(position, back.position);
    }
    this.#taken.clear();
    return outcome.kind === 'refused' ? { ...outcome, position } : outcome;
  }
}

function heldStream(commands: Commands, blind: Blind, message: CommandMessage): string {
  const command = commands.get(message.command);
  if (command?.entityId === undefined) throw new Error(`${message.command} cannot be held: it names no record`);
  return streamOf(recordNamed(command.decider, command.entityId(z.decode(command.input, message.input) as never), blind));
}
