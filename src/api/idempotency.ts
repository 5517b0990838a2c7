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

  const answered = async (request: RequestKey, bodyHash: string, run: () => Promise<KeptAnswer>): Promise<KeptAnswer> => {
    const before = await found(request);
    if (before !== undefined && before.bodyHash !== bodyHash) throw mismatch();
    if (before !== undefined) return replayed(before.answer);
    const answer = await run();
    // Kept before it is given: the log knows what was done, but not what was refused or already so, nor what the same request went on with.
    if (isFinal(answer)) await kept(request, bodyHash, answer);
    return answer;
  };

  return async (request, bodyHash, run) => {
    const name = JSON.stringify([request.principal, request.route, request.key]);
    const first = running.get(name);
    if (first !== undefined && first.bodyHash !== bodyHash) throw mismatch();
    if (first !== undefined) return replayed(await first.answer);
    const answer = answered(request, bodyHash, run);
    running.set(name, { bodyHash, answer });
    try {
      return await answer;
    } finally {
      running.delete(name);
    }
  };
}

/** A success, or the no of a rule. What was not found, or not yet valid, may be so when it is asked again. */
const isFinal = (answer: KeptAnswer): boolean => isSuccess(answer) || answer.status === 409;
const isSuccess = ({ status }: KeptAnswer): boolean => status < 300;

/** Tells a first answer from its repetition. */
export const REPLAYED = { 'Idempotency-Replayed': 'true' } as const;
const replayed = (answer: KeptAnswer): KeptAnswer => ({ ...answer, headers: { ...answer.headers, ...REPLAYED } });
