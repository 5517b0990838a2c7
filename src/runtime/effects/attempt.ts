/** One try of an effect: its content is composed and handed to the adapter of its channel. */
import { system } from '../../kernel/authority.ts';
import { isRefusal } from '../../kernel/decider.ts';
import type { Adapter, Answer, Composing, PublicFact } from '../../kernel/effect.ts';
import type { AnyPersonal } from '../../kernel/personal.ts';
import { LogUnavailable } from '../event-log/port.ts';
import { ViewsLag } from '../executor/port.ts';
import { factOf } from '../projector/fact.ts';
import { DatabaseUnavailable } from '../queries/port.ts';
import type { Journal } from './journal.ts';
import { effectOf } from './outbox.ts';
import type { World } from './world.ts';

/** An effect that is due. */
export interface Due {
  readonly id: string;
  readonly effect: string;
  readonly channel: keyof World['adapters'];
  readonly destination: string;
  readonly payload: unknown;
  readonly position: string;
  readonly round: number;
  readonly tries: number;
}

/** What a try came to; `postponed` where the house itself was not able to try. */
export type Tried = Answer | { readonly kind: 'postponed'; readonly problem: string };

const FOUND_IN_JOURNAL = 'It was sent before: the journal of sent effects knows it.';

/** Never throws: whatever happens is an answer. */
export async function attempt(world: World, journal: Journal, due: Due, signal: AbortSignal): Promise<Tried> {
  if (journal.knows(due)) return { kind: 'taken', answer: FOUND_IN_JOURNAL };
  const adapter = world.adapters[due.channel] as Adapter<unknown> | { readonly missing: string };
  if (typeof adapter !== 'function') return { kind: 'postponed', problem: adapter.missing };
  try {
    const { payload, compose } = effectOf(world.registry, due.effect);
    const content = await compose(payload.parse(due.payload) as never, composing(world, due));
    return isRefusal(content) ? { kind: 'refused', problem: content.because } : await adapter(due.id, content, signal);
  } catch (error) {
    const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (passes(error)) return { kind: 'postponed', problem };
    world.logger?.error({ effect: due.effect, id: due.id, problem }, 'effect met a fault');
    return { kind: 'failed', problem, blames: 'content' };
  }
}

/** Troubles of the house itself: no try was made. */
const passes = (error: unknown): boolean => [ViewsLag, LogUnavailable, DatabaseUnavailable].some(trouble => error instanceof trouble);

function composing(world: World, due: Due): Composing {
  const asking = { caller: system('effects'), after: BigInt(due.position) };
  return {
    now: world.clock.now(),
    ask: (query, input) => world.queries.ask(query, input, asking),
    fact: (at, options) => publicFact(world, at, options),
  };
}

async function publicFact(
  { log, registry }: World,
  { stream, revision }: Parameters<Composing['fact']>[0],
  { personal }: Parameters<Composing['fact']>[1],
): Promise<PublicFact> {
  for await (const stored of log.readStream(stream, revision)) {
    const fact = factOf(stored, registry);
    const definition = registry.events.get(stored.type);
    if (fact === undefined || definition === undefined) throw new Error(`The event ${stored.type} is not known here`);
    const { id, type, metadata } = stored;
    const data = personal ? fact.data : withoutPersonal(fact.data, definition.personal ?? []);
    return { id, type, recordedAt: metadata.recordedAt, occurredAt: metadata.occurredAt, data };
  }
  throw new Error(`${stream} has no event ${revision}`);
}

/** A copy of the data without the members that may hold something of a person. */
function withoutPersonal(data: unknown, personal: readonly AnyPersonal[]): unknown {
  const copy = structuredClone(data);
  for (const path of personal.flatMap(({ fields }) => fields)) drop(copy, path.split('.'));
  return copy;
}

function drop(holder: unknown, [step, ...further]: readonly string[]): void {
  if (typeof holder !== 'object' || holder === null || step === undefined) return;
  if (further.length === 0) delete (holder as Record<string, unknown>)[step];
  else drop((holder as Record<string, unknown>)[step], further);
}
