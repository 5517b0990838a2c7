/** Faults of an input that only other knowledge shows; all are named at once, so that one correction is enough. */

import { invalid, type Refusal } from '../kernel/decider.ts';

export interface Fault {
  /** RFC 6901. */
  readonly pointer: string;
  readonly detail: string;
}

/** The fault there is unless this holds. */
export const unless = (holds: boolean, pointer: string, detail: string): readonly Fault[] => (holds ? [] : [{ pointer, detail }]);

/** The refusal of all faults together; undefined where there are none. */
export const refusedFor = (faults: readonly Fault[]): Refusal | undefined => (faults.length === 0 ? undefined : invalid(faults));
