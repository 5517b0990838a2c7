import type { EventLog } from '../event-log/port.ts';
import type { FoundLog } from './table-log.ts';

/** The log of an EventStoreDB, read through its client. Its positions are offsets, so nothing can be told of gaps between them. */
export const wireLog = (log: EventLog): FoundLog => ({
  page: (after, limit) => log.readAll(after, limit),
  readAll: (after, limit) => log.readAll(after, limit),
  identity: () => log.identity(),
  gaps: async () => [],
});
