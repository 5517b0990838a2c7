/**
 * A command that secured something elsewhere first and then vanished must not come back when that is given back. So before
 * anything is given back, this fact goes into the stream the command wanted to write to: it changes nothing there but the
 * revision, by which a command that was only asleep finds that it has to decide again.
 */
import { z } from 'zod';
import { event } from './event.ts';

/** The command never came to its end, and what it held is given back. It may be in the stream of any record. */
export const HoldLapsed = event('HoldLapsed', { commandId: z.string() });
