/**
 * What steered an instance of a saga though no business stream tells of it: a stream of its own, `process-<saga>~<instance>`,
 * keeps it as facts. They come back to the saga through the log like all others, so its state follows from the log alone.
 */
import { z } from 'zod';
import type { Permission, RecordRef } from './command.ts';
import { event } from './event.ts';

export const PROCESS_CATEGORY = 'process';

/** The record that is an instance; names of sagas hold no `~`, so no two instances share one. */
export const processOf = (saga: string, instance: string): RecordRef => ({ category: PROCESS_CATEGORY, id: `${saga}~${instance}` });

/** Under which name and version the runner of sagas says how far it has come, for whoever asks about processes. */
export const PROCESSES = { name: 'processes', version: 1 } as const;

const steered = { saga: z.string(), instance: z.string() };

/** A rule of the business said no to a command of the instance. */
export const CommandRefused = event('CommandRefused', {
  ...steered,
  commandId: z.string(),
  command: z.string(),
  input: z.json(),
  refused: z.string(),
  because: z.string(),
});

/** An alarm of the instance fell due; `setBy` is the event that had set it. */
export const AlarmRang = event('AlarmRang', { ...steered, alarm: z.string(), setBy: z.string() });

/** The instance met a fault of the house and stands still until someone looks. */
export const ProcessParked = event('ProcessParked', { ...steered, reason: z.string() });

/** What somebody said of an instance; `attempt` numbers what was said, so that one saying counts once. */
const said = { ...steered, attempt: z.int(), note: z.string() };

/** Whoever looked at it lets a parked instance go on from where it stopped. */
export const ProcessRetried = event('ProcessRetried', said);

/** It is given up; its saga takes back what it can. */
export const ProcessAbandoned = event('ProcessAbandoned', said);

/** An instance that was under way before its saga was installed is handed to it. */
export const ProcessAdopted = event('ProcessAdopted', said);

export const processEvents = [CommandRefused, AlarmRang, ProcessParked, ProcessRetried, ProcessAbandoned, ProcessAdopted] as const;

/** Where an instance can stand. `unadopted`: it began before its saga was installed, which does not act for it yet. */
export const processStatuses = ['running', 'parked', 'unadopted', 'finished', 'abandoned'] as const;
export type ProcessStatus = (typeof processStatuses)[number];

/** Who moves what stands still, as an instance explains it. */
export const RETRY: { readonly command: string; readonly permission: Permission } = {
  command: 'RetryProcess',
  permission: 'platform:retry',
};
export const ADOPT: typeof RETRY = { command: 'AdoptProcess', permission: RETRY.permission };
