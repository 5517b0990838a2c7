import { Problem } from './problem.ts';

/** Turns positions into tokens that clients hand back, and back again. */
export interface ConsistencyTokens {
  tokenOf(position: bigint): Promise<string>;
  /** @throws Problem 400 for what is no token, or is one of another log; LogUnavailable */
  positionOf(token: string): Promise<bigint>;
}

const TOKEN = /^([\w-]{1,64})\.(\d{1,20})$/;

/** `logIdentity` names the log behind the URL: positions of another log mean nothing here. It is asked once. */
export function consistencyTokens(logIdentity: () => Promise<string>): ConsistencyTokens {
  let asked: Promise<string> | undefined;
  const log = (): Promise<string> => {
    asked ??= logIdentity().catch(error => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
  const bad = (detail: string): Problem => new Problem(400, 'BadConsistencyToken', detail);
  return {
    tokenOf: async position => Buffer.from(`${await log()}.${position}`).toString('base64url'),
    positionOf: async token => {
      const [, madeFor, position] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? [];
      if (madeFor === undefined || position === undefined) throw bad('The Consistency-Token was not made here.');
      if (madeFor !== (await log())) throw bad('The Consistency-Token belongs to another event log.');
      return BigInt(position);
    },
  };
}
