/** The outbox of effects: rows of ops.effects. */
import type pg from 'pg';
import type { AnyEffect, EffectMessage } from '../../kernel/effect.ts';
import type { Registry } from '../../kernel/module.ts';

/** An effect on its way into the outbox. */
export interface Queued {
  /** Follows from the cause, so that a cause seen again asks for nothing new. */
  readonly id: string;
  readonly message: EffectMessage;
  /** Id and position of the event that caused it. */
  readonly causeId: string;
  readonly position: bigint;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
}

const ENQUEUE = `
  with given as (
    select * from json_to_recordset($1::json) as r(id uuid, effect text, channel text, destination text, payload text, cause_id text,
      position bigint, correlation_id text, traceparent text)
  ), destinations as (
    insert into ops.effect_destinations (destination, channel)
    select distinct on (destination) destination, channel from given
    on conflict (destination) do nothing
  )
  insert into ops.effects (id, effect, channel, destination, payload, cause_id, position, correlation_id, traceparent)
  select id, effect, channel, destination, payload::json, cause_id, position, correlation_id, traceparent from given
  on conflict (id) do nothing`;

/** Puts effects into the outbox, in the transaction of the step that wants them. */
export async function enqueue(client: pg.PoolClient, registry: Pick<Registry, 'effects'>, queued: readonly Queued[]): Promise<void> {
  if (queued.length === 0) return;
  await client.query(ENQUEUE, [JSON.stringify(queued.map(entry => rowOf(registry, entry)))]);
}

/** @throws Error when no module offers the effect */
export function effectOf(registry: Pick<Registry, 'effects'>, type: string): AnyEffect {
  const effect = registry.effects.get(type);
  if (effect === undefined) throw new Error(`No module offers the effect ${type}`);
  return effect;
}

function rowOf(registry: Pick<Registry, 'effects'>, { id, message, causeId, position, correlationId, traceparent }: Queued): object {
  const { channel, payload, destination } = effectOf(registry, message.effect);
  return {
    id,
    effect: message.effect,
    channel: channel.name,
    destination: destination(payload.parse(message.payload) as never),
    payload: JSON.stringify(message.payload),
    cause_id: causeId,
    position: position.toString(),
    correlation_id: correlationId,
    traceparent,
  };
}
