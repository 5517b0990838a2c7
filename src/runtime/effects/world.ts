import type pg from 'pg';
import type { Logger } from 'pino';
import type { Adapters } from '../../kernel/effect.ts';
import type { Registry } from '../../kernel/module.ts';
import type { Clock } from '../clock.ts';
import type { EventLog } from '../event-log/port.ts';
import type { Executor } from '../executor/port.ts';
import type { QueryRunner } from '../queries/port.ts';
import type { Pace } from './pace.ts';

/** What effects run on. */
export interface World {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly registry: Registry;
  readonly executor: Executor;
  readonly queries: QueryRunner;
  readonly clock: Clock;
  readonly adapters: Adapters;
  /** Folder of the journal of sent effects, outside the database. */
  readonly journalDir: string;
  readonly pace: Pace;
  readonly logger?: Pick<Logger, 'info' | 'warn' | 'error'>;
}
