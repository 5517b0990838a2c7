import { z } from 'zod';
import { refuse } from '../../kernel/decider.ts';
import { effect, mail, reaction } from '../../kernel/effect.ts';
import { ProcessParked } from '../../kernel/processes.ts';
import { listProcesses } from '../../projections/platform/processes.ts';
import { readersOf } from './readers.ts';

const SLOT_MINUTES = 10;
const OUTDATED_HOURS = 24;
const SHOWN_MAX = '50';

/** Tells the administrators that processes stand still. What stands still is asked when it is sent, so one letter tells of many. */
export const parkedLetter = effect({
  type: 'ParkedLetter',
  channel: mail,
  payload: z.strictObject({ slot: z.iso.datetime() }),
  destination: () => 'mail',
  compose: async ({ slot }, { ask, now }) => {
    if (Temporal.Instant.from(slot).add({ hours: OUTDATED_HOURS }).toString({ fractionalSecondDigits: 3 }) < now)
      return refuse('Outdated', 'It would tell of yesterday.');
    const to = await readersOf('admin', ask);
    if (to.length === 0) return refuse('NoAddress', 'No administrator has an address that mail can reach.');
    const { items } = await ask(listProcesses, { 'filter[status]': 'parked', limit: SHOWN_MAX, sort: 'since' });
    const told = items.map(({ saga, instance, reason }) => `- ${saga} ${instance}: ${reason}`);
    return {
      to,
      subject: subjectFor(items.length),
      text: [...told, '', 'See GET /api/v1/processes; each can be retried or abandoned there.'].join('\n'),
    };
  },
});

const subjectFor = (parked: number): string =>
  parked === 0 ? 'A process stood still and goes on again' : parked === 1 ? 'A process stands still' : `${parked} processes stand still`;

/** Many processes may stop together; one letter in ten minutes is enough. */
function slotOf(instant: string): string {
  const at = Temporal.Instant.from(instant);
  return at
    .round({ smallestUnit: 'minute', roundingIncrement: SLOT_MINUTES, roundingMode: 'floor' })
    .toString({ fractionalSecondDigits: 3 });
}

export const parkedNotice = reaction({
  name: 'parked-notice',
  stateVersion: 1,
  events: [],
  initial: () => null,
  on: {},
  effects: (_, { type, recordedAt }) => (type === ProcessParked.type ? [parkedLetter({ slot: slotOf(recordedAt) })] : []),
});
