import { z } from 'zod';
import { abandon, adopt, ProcessStream, retry, type Saying } from '../../domain/platform/processes.ts';
import { Reason } from '../../domain/vocabulary.ts';
import { type Ask, command } from '../../kernel/command.ts';
import { ADOPT, processOf, RETRY } from '../../kernel/processes.ts';
import { standingOfProcess } from '../../projections/platform/processes.ts';

/** Names as sagas have them: instances are mostly ids of records. */
const Name = (max: number) =>
  z
    .string()
    .regex(/^[\w.~-]+$/, 'A name of letters, digits and _.~-')
    .max(max);

const onProcess = {
  input: z.strictObject({ saga: Name(100), instance: Name(200), note: Reason }),
  decider: ProcessStream,
  entityId: ({ saga, instance }: Saying) => processOf(saga, instance).id,
  facts: (_: unknown, { saga, instance }: Saying, ask: Ask) => ask(standingOfProcess, { saga, instance }),
} as const;

export const retryProcess = command({
  ...onProcess,
  type: RETRY.command,
  summary: 'Lets a parked process go on from where it stopped: what was refused or failed is asked again, what came meanwhile is taken.',
  route: 'POST /processes/:saga/:instance/retry',
  permission: RETRY.permission,
  decide: retry,
});

export const abandonProcess = command({
  ...onProcess,
  type: 'AbandonProcess',
  summary: 'Gives a process up: what it secured is taken back where that is possible, and it says what stays for people to see to.',
  route: 'POST /processes/:saga/:instance/abandon',
  permission: 'platform:abandon',
  decide: abandon,
});

export const adoptProcess = command({
  ...onProcess,
  type: ADOPT.command,
  summary: 'Hands a process that was under way before its saga was installed to it; what happened before then is not acted on.',
  route: 'POST /processes/:saga/:instance/adopt',
  permission: ADOPT.permission,
  decide: adopt,
});
