import type pg from 'pg';
import { dropHalted, release, standingOf } from '../runtime/effects/halting.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';

const USAGE = `Usage:
  npm run effects                what waits to go out, and what holds it up
  npm run effects -- release     lets halted effects go out from this machine
  npm run effects -- drop        gives halted effects up; each can be replayed later`;

/** Returns the lines to print. @throws StartRefused with what is wrong */
export async function effectsCommand(args: readonly string[], pool: pg.Pool): Promise<readonly string[]> {
  const [command, ...surplus] = args;
  if (surplus.length > 0) throw new StartRefused(USAGE);
  if (command === undefined) return list(pool);
  if (command === 'drop') return [`${await dropHalted(pool)} effects were given up. Replay one by POST /api/v1/effects/:id/replay.`];
  if (command !== 'release') throw new StartRefused(USAGE);
  await release(pool);
  return ['Effects go out from this machine now.'];
}

async function list(pool: pg.Pool): Promise<readonly string[]> {
  const standing = await standingOf(pool);
  if (standing.length === 0) return ['Nothing was ever asked for.'];
  return standing.map(({ status, channel, count, problem }) => `${count} ${channel} ${status}${problem === null ? '' : `: ${problem}`}`);
}
