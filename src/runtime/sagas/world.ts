import type pg from 'pg';
import type { Logger } from 'pino';
import type { Registry } from '../../kernel/module.ts';
import type { Clock } from '../clock.ts';
import type { EventLog } from '../event-log/port.ts';
import type { Executor } from '../executor/port.ts';
import type { PersonalTexts } from '../personal/texts.ts';

/** What sagas run on. */
export interface World {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly registry: Registry;
  readonly executor: Executor;
  /** Seals personal texts in commands that wait to be sent; absent where the log holds none. */
  readonly texts?: PersonalTexts;
  /** Decides when alarms are due. */
  readonly clock: Clock;
  readonly logger?: Pick<Logger, 'info' | 'warn' | 'error'>;
}
