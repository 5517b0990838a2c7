/** Puts into the log what time brings and what the log does not tell yet: alarms that fall due, instances that were parked. */
import { AlarmRang, ProcessParked } from '../../kernel/processes.ts';
import { rest } from '../event-log/patience.ts';
import { LogUnavailable } from '../event-log/port.ts';
import { Conflict } from '../executor/port.ts';
import { uuidv5 } from '../ids.ts';
import type { Ownership } from '../ownership.ts';
import type { Alarm } from './move.ts';
import { record } from './steering.ts';
import type { World } from './world.ts';

const ROUND_MS = 1_000;
/** Between rounds while more is due: after a long standstill alarms come in a stream of some hundreds a second, not in a flood. */
const CROWDED_ROUND_MS = 200;
/** Instances whose alarms ring in one round. */
const RINGING_MAX = 100;

/** Watches until the signal fires. @throws when Postgres fails; nothing is lost then */
export async function watch(world: World, owner: Ownership, signal: AbortSignal): Promise<void> {
  let rung: ReadonlySet<string> = new Set();
  while (!signal.aborted) {
    try {
      rung = await ring(world, owner, rung, signal);
      await recordParked(world, owner, signal);
    } catch (error) {
      if (!(error instanceof LogUnavailable || error instanceof Conflict)) throw error;
      world.logger?.warn({ err: error }, 'alarms wait for the event log');
    }
    await rest(rung.size < RINGING_MAX ? ROUND_MS : CROWDED_ROUND_MS, signal);
  }
}

interface Due {
  readonly saga: string;
  readonly instance: string;
  readonly alarms: Readonly<Record<string, Alarm>>;
  readonly correlation_id: string;
}

/** A saga that reads history again, or was detached, does not hear: its alarms wait, and keep no others from ringing. */
const DUE = `
  select i.saga, i.instance, i.alarms, i.correlation_id from ops.saga_instances i join ops.sagas s on s.name = i.saga
  where i.next_alarm_at <= $1 and not s.building and s.detached is null
  order by i.next_alarm_at limit $2`;

/** Rings what is due and was not rung in the last round, all of a round beside each other; a row stays due until its saga has heard. */
async function ring({ log, clock }: World, owner: Ownership, rung: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const now = clock.now();
  const ringing = new Map<string, () => Promise<void>>();
  for (const { saga, instance, alarms, correlation_id: correlationId } of await owner.rows<Due>(DUE, [now, RINGING_MAX])) {
    for (const [alarm, { due, setBy }] of Object.entries(alarms)) {
      if (due > now) continue;
      const commandId = uuidv5('alarm', saga, instance, alarm, setBy);
      const event = AlarmRang({ saga, instance, alarm, setBy });
      ringing.set(commandId, () => record(log, { event, commandId, correlationId, causationId: setBy, recordedAt: now }));
    }
  }
  const anew = [...ringing].filter(([id]) => !rung.has(id) && !signal.aborted);
  await Promise.all(anew.map(([, tell]) => tell()));
  return new Set(ringing.keys());
}

interface Parked {
  readonly saga: string;
  readonly instance: string;
  readonly reason: string;
  readonly stopped_by: string;
  readonly correlation_id: string;
  readonly attempt: number;
}

async function recordParked({ log, clock, logger }: World, owner: Ownership, signal: AbortSignal): Promise<void> {
  const parked = await owner.rows<Parked>(
    `select saga, instance, waiting ->> 'reason' as reason, stopped_by, correlation_id, attempt
     from ops.saga_instances where not recorded limit $1`,
    [RINGING_MAX],
  );
  for (const { saga, instance, reason, stopped_by: causationId, correlation_id: correlationId, attempt } of parked) {
    if (signal.aborted) return;
    logger?.warn({ saga, instance, reason }, 'saga instance parked');
    const event = ProcessParked({ saga, instance, reason });
    const commandId = uuidv5('park', saga, instance, causationId, String(attempt));
    await record(log, { event, commandId, correlationId, causationId, recordedAt: clock.now() });
    await owner.rows('update ops.saga_instances set recorded = true where saga = $1 and instance = $2', [saga, instance]);
  }
}
