import type { Foundation } from '../../runtime/foundation.ts';
import { uuidv5 } from '../../runtime/ids.ts';
import { StartRefused } from '../../runtime/supervisor/refused.ts';
import { plan } from './plan.ts';
import { Player } from './play.ts';
import { type Size, WHOLE } from './span.ts';

/** Told at most; the first ones say what is wrong. */
const REFUSALS_TOLD = 10;
const MS_IN_S = 1_000;

interface Company {
  readonly today: string;
  readonly size: Size;
}

/**
 * Plays the invented company up to a day. What was played before stays as it is, so an interrupted demo goes on where it
 * stopped. @param today ISO 8601 date @throws StartRefused for a house with a company of its own, or an act that was refused
 */
export const fill = (house: Foundation, today: string, say: (line: string) => void): Promise<void> =>
  fillWith(house, { today, size: WHOLE }, say);

/** The same for a company of another size. */
export async function fillWith(house: Foundation, { today, size }: Company, say: (line: string) => void): Promise<void> {
  await demandEmpty(house, today);
  const acts = plan(today, size);
  const begun = performance.now();
  const seconds = (): string => ((performance.now() - begun) / MS_IN_S).toFixed(0);
  say(`The demo company is made: ${acts.length} acts of two years up to ${today}.`);
  const refused = await new Player(house, today).play(acts, {
    played: (done, of, day) => say(`Demo: ${day}, ${Math.round((100 * done) / of)} %, ${seconds()} s`),
  });
  for (const { key, command, because } of refused.slice(0, REFUSALS_TOLD)) say(`${command} (${key}) was refused: ${because}`);
  if (refused.length > 0) throw new StartRefused(`${refused.length} acts of the demo were refused; the company is not whole.`);
  say(`The demo company is there, after ${seconds()} s.`);
}

/** Users and roles are there from the first start; anything else is somebody's, unless the same demo made it. */
async function demandEmpty({ pool }: Foundation, today: string): Promise<void> {
  const { rows } = await pool.query<{ theirs: boolean; ours: boolean }>(
    `select exists (select from read.warehouses) or exists (select from read.items) or exists (select from read.accounts)
       or exists (select from read.leads) as theirs,
     exists (select from read.event_history where command_id = $1) as ours`,
    [firstCommand(today)],
  );
  if (rows[0]?.theirs && !rows[0].ours)
    throw new StartRefused(
      'There is a company in this house already; the demo fills only an empty one. Name another folder by THROUGHLINE_DATA.',
    );
}

const firstCommand = (today: string): string => uuidv5('demo', today, 'director');
