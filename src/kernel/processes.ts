/**
 * What steered an instance of a saga though no business stream tells of it: a stream of its own, `process-<saga>~<instance>`,
 * keeps it as facts. They come back to the saga through the log like all others, so its state follows from the log alone.
 */
import { z } from 'zod';
import type { RecordRef } from './command.ts';
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

export const processEvents = [CommandRefused, AlarmRang, ProcessParked] as const;
