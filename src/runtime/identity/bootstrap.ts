import { randomBytes } from 'node:crypto';
import { system } from '../../kernel/authority.ts';
import { type Executor, ViewsLag } from '../executor/port.ts';
import { uuidv5 } from '../ids.ts';
import type { Identity } from './port.ts';

const ADMIN_EMAIL = 'admin@localhost';
const PASSWORD_BYTES = 15;

/** A password no one will guess, short enough to be typed once. */
export const randomPassword = (): string => randomBytes(PASSWORD_BYTES).toString('base64url');

/**
 * Makes sure that there is an administrator to sign in with; does nothing from the second time on. Returns what to tell the
 * person who started: a random password is told this once and is not stored in clear.
 * @throws LogUnavailable, DatabaseUnavailable, ViewsLag
 */
export async function bootstrapAdmin({
  executor,
  identity,
  password,
}: {
  readonly executor: Executor;
  readonly identity: Identity;
  readonly password?: string | undefined;
}): Promise<readonly string[]> {
  const commandId = uuidv5('bootstrap', 'admin');
  const input = { email: ADMIN_EMAIL, name: 'Administrator', roles: ['admin'] };
  const outcome = await executor.execute({ command: 'RegisterUser', input }, { caller: system('bootstrap'), commandId });
  if (outcome.kind !== 'done') throw new Error(`The administrator could not be registered: ${JSON.stringify(outcome)}`);
  if (await identity.hasPassword(outcome.record.id)) return [];
  if (outcome.position !== undefined) await visible(identity, outcome.position);
  const chosen = password ?? randomPassword();
  await identity.setPassword(outcome.record.id, chosen);
  return password === undefined
    ? [
        `Sign in as ${ADMIN_EMAIL} with the password ${chosen}`,
        'It is shown this once; npm run user -- reset-password admin@localhost makes a new one.',
      ]
    : [`Sign in as ${ADMIN_EMAIL} with the password set by THROUGHLINE_ADMIN_PASSWORD.`];
}

const VIEWS_PATIENCE_MS = 60_000;

/** At the first start the views are still being made; until they show the administrator, nobody could sign in. */
async function visible(identity: Identity, position: bigint): Promise<void> {
  const giveUpAt = performance.now() + VIEWS_PATIENCE_MS;
  for (;;) {
    try {
      return await identity.settled(position);
    } catch (error) {
      if (!(error instanceof ViewsLag) || performance.now() > giveUpAt) throw error;
    }
  }
}
