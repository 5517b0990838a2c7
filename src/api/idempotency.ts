import type { Logger } from 'pino';
import type { KeptAnswer, RequestKey, RequestStore } from '../runtime/requests.ts';
import { mismatch } from './problem.ts';

/** Gives one answer to all copies of a request, whether they come at once or later. */
export type Once = (request: RequestKey, bodyHash: string, run: () => Promise<KeptAnswer>) => Promise<KeptAnswer>;

/**
 * Copies that come while the first is running wait for its answer; later ones get the kept one. What throws is not kept and may
 * be tried again. The store helps but is not needed for being right: the log itself knows the commands it has seen.
 */
export function onceOnly(store: RequestStore, logger: Logger): Once {
  const running = new Map<string, { readonly bodyHash: string; readonly answer: Promise<KeptAnswer> }>();

  const found = async (request: RequestKey) => {
    try {
      return await store.find(request);
    } catch (error) {
      logger.warn({ err: error }, 'kept answers cannot be read; the log decides alone');
      return undefined;
    }
  };

  const kept = async (request: RequestKey, bodyHash: string, answer: KeptAnswer): Promise<void> => {
    try {
      await store.keep(request, bodyHash, answer);
    } catch (error) {
      logger.warn({ err: error }, 'an answer could not be kept; the log knows the command');
    }
  };

  const answered = async (request: RequestKey, bodyHash: string, run: () => Promise<KeptAnswer>): Promise<Answered> => {
    const before = await found(request);
    if (before !== undefined && before.bodyHash !== bodyHash) throw mismatch();
    if (before !== undefined) return { answer: replayed(before.answer), kept: undefined };
    const answer = await run();
    const keeping = isFinal(answer) ? kept(request, bodyHash, answer) : undefined;
    // What succeeded is known to the log already. What was refused is known only once it is kept.
    if (!isSuccess(answer)) await keeping;
    return { answer, kept: keeping };
  };

  return async (request, bodyHash, run) => {
    const name = JSON.stringify([request.principal, request.route, request.key]);
    const first = running.get(name);
    if (first !== undefined && first.bodyHash !== bodyHash) throw mismatch();
    if (first !== undefined) return replayed(await first.answer);
    const work = answered(request, bodyHash, run);
    const answer = work.then(done => done.answer);
    running.set(name, { bodyHash, answer });
    // Copies find the answer here until they find it in the store.
    const over = (): boolean => running.delete(name);
    work.then(done => done.kept).then(over, over);
    return answer;
  };
}

interface Answered {
  readonly answer: KeptAnswer;
  /** Settles when the answer is in the store, or could not be kept. */
  readonly kept: Promise<void> | undefined;
}

/** A success, or the no of a rule. What was not found, or not yet valid, may be so when it is asked again. */
const isFinal = (answer: KeptAnswer): boolean => isSuccess(answer) || answer.status === 409;
const isSuccess = ({ status }: KeptAnswer): boolean => status < 300;

/** Tells a first answer from its repetition. */
export const REPLAYED = { 'Idempotency-Replayed': 'true' } as const;
const replayed = (answer: KeptAnswer): KeptAnswer => ({ ...answer, headers: { ...answer.headers, ...REPLAYED } });
