import { StartRefused } from '../runtime/supervisor/refused.ts';
import { openLocalHouse } from './local.ts';

/** One key for all local imports: requests are recognised as repeated by whose they are, so the key's id stays the same. */
const LOCAL_KEY = 'local';
const OWNER = 'admin@localhost';

/**
 * An API key for a program on this machine that may use the house's database; the token of last time opens nothing any more.
 * @throws StartRefused when no house runs here
 */
export async function localKey(): Promise<string> {
  const house = await openLocalHouse();
  try {
    const owner = await house.identity.person({ email: OWNER });
    if (owner === undefined) throw new StartRefused(`There is no ${OWNER} to import for; set THROUGHLINE_API_KEY.`);
    return await house.identity.renewKey({ id: LOCAL_KEY, userId: owner.id, name: 'Imports on this machine', grants: ['*'] });
  } finally {
    await house.close();
  }
}
