/** An instance of a saga, as the people see it who have to move one that stands still. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, notFound, refuse } from '../../kernel/decider.ts';
import type { EventOf } from '../../kernel/event.ts';
import {
  PROCESS_CATEGORY,
  ProcessAbandoned,
  ProcessAdopted,
  ProcessRetried,
  type ProcessStatus,
  processEvents,
} from '../../kernel/processes.ts';

type Fact = EventOf<(typeof processEvents)[number]>;

interface State {
  /** Number of the last thing somebody said of it. */
  readonly attempt: number;
}

const heard = (_: State, { attempt }: { readonly attempt: number }): State => ({ attempt });
const same = (state: State): State => state;

export const ProcessStream = decider({
  category: PROCESS_CATEGORY,
  stateVersion: 1,
  events: processEvents,
  initial: (): State => ({ attempt: 0 }),
  evolve: {
    CommandRefused: same,
    AlarmRang: same,
    ProcessParked: same,
    ProcessRetried: heard,
    ProcessAbandoned: heard,
    ProcessAdopted: heard,
  },
});

/** Where it stands, as the list of processes shows it; null where there is no such instance. */
export type Standing = { readonly status: ProcessStatus; readonly attempt: number } | null;

export interface Saying {
  readonly saga: string;
  readonly instance: string;
  readonly note: string;
}

type Said = Saying & { readonly attempt: number };

/** A decision on an instance as it is shown; what was said of this very standing already is said. */
const said =
  (meant: (status: ProcessStatus, said: Said) => Decision<Fact>) =>
  ({ attempt }: State, saying: Saying, { facts, entityId }: Pick<DecisionContext<Standing>, 'facts' | 'entityId'>): Decision<Fact> => {
    if (facts === null) return notFound('process', entityId);
    if (attempt > facts.attempt) return [];
    return meant(facts.status, { ...saying, attempt: facts.attempt + 1 });
  };

export const retry = said((status, saying) =>
  status === 'parked' ? [ProcessRetried(saying)] : refuse('NotParked', `This process is ${status}; only one that is parked is retried.`),
);

export const abandon = said((status, saying) => {
  if (status === 'abandoned') return [];
  if (status === 'finished') return refuse('AlreadyFinished', 'This process is finished; there is nothing left to give up.');
  return [ProcessAbandoned(saying)];
});

export const adopt = said((status, saying) =>
  status === 'unadopted'
    ? [ProcessAdopted(saying)]
    : refuse('NotWaitingForAdoption', `This process is ${status}; only one that began before its saga was installed is adopted.`),
);
