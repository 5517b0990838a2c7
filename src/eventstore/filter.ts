/** Which events of `$all` a reader wants to see. */
import type { RecordedEvent } from './event.ts';

export interface Filter {
  readonly on: 'stream' | 'type';
  readonly prefixes: readonly string[];
  /** True when events with such a prefix are left out instead of let through. */
  readonly excluded: boolean;
}

/** The regular expressions that mean "no system events": the client's own, and the same with the dollar escaped. */
const WITHOUT_SYSTEM = new Set(['^[^$].*', '^[^\\$].*']);

/** Undefined for any other regular expression: those are not served. */
export function filterOf(on: Filter['on'], regex: string, prefixes: readonly string[]): Filter | undefined {
  if (regex === '') return { on, prefixes, excluded: false };
  return WITHOUT_SYSTEM.has(regex) ? { on, prefixes: ['$'], excluded: true } : undefined;
}

export function matches(filter: Filter | undefined, event: RecordedEvent): boolean {
  return !filter || filter.prefixes.some(prefix => event[filter.on].startsWith(prefix)) !== filter.excluded;
}

/** The same rule as a condition on eventstore.events, with the prefixes as the given parameter. */
export function filterSql({ on, excluded }: Filter, parameter: string): string {
  return `(${on} ^@ any(${parameter}::text[])) is ${excluded ? 'false' : 'true'}`;
}
