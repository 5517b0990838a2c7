/** Finds the place in the log that somebody asks about, and waits until the views have come there. */
import type pg from 'pg';
import type { EventLog } from '../event-log/port.ts';
import { InvalidInput } from '../executor/port.ts';
import { firstAfter, latestUpTo } from '../projector/instants.ts';
import type { Past } from './narrow.ts';
import type { AsOf } from './port.ts';

interface Place {
  readonly pool: pg.Pool;
  readonly log?: Pick<EventLog, 'head'>;
  /** Waits until the views that are read have taken in everything up to a position. @throws ViewsLag */
  passed(position: bigint): Promise<void>;
}

/** @throws InvalidInput for a position the log has not reached, ViewsLag, DatabaseUnavailable, LogUnavailable */
export async function pastOf(asOf: AsOf, place: Place): Promise<Past> {
  if ('happened' in asOf) return { day: asOf.happened };
  if ('position' in asOf) return { before: await afterPosition(asOf.position, place) };
  return { before: await afterInstant(asOf.recorded, place) };
}

async function afterPosition(position: bigint, place: Place): Promise<bigint> {
  const head = await headOf(place);
  if (position > head) throw new InvalidInput([{ pointer: '/asOf', detail: `The log ends at position ${head}.` }]);
  await place.passed(position);
  return position + 1n;
}

/** While no event recorded later is known, the worker may be late: what the log has by now must have been taken in first. */
async function afterInstant(instant: string, place: Place): Promise<bigint> {
  const later = await firstAfter(place.pool, instant);
  if (later !== undefined) {
    if (later > 0n) await place.passed(later - 1n);
    return later;
  }
  const head = await headOf(place);
  if (head >= 0n) await place.passed(head);
  return (await firstAfter(place.pool, instant)) ?? head + 1n;
}

/** -1 of an empty log. */
async function headOf({ log }: Place): Promise<bigint> {
  if (log === undefined) throw new Error('Nobody here knows where the log ends, so the past cannot be asked for');
  return (await log.head()) ?? -1n;
}

/** The latest instant at which anything up to a position had been recorded; the beginning of time of an empty log. */
export const recordedAt = async (pool: pg.Pool, position: bigint): Promise<string> =>
  (await latestUpTo(pool, position)) ?? new Date(0).toISOString();
