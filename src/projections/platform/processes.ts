import { z } from 'zod';
import type { RecordRef } from '../../kernel/command.ts';
import { answerSchema, type Field, field, readFields, selectList } from '../../kernel/field.ts';
import { byFlag, listing } from '../../kernel/listing.ts';
import { PROCESSES, type ProcessStatus, processEvents, processOf, processStatuses } from '../../kernel/processes.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import { NoSuchRecord, query } from '../../kernel/query.ts';
import { instant, integer, nullable, table, text } from '../../kernel/table.ts';

export const processesTable = table(
  'processes',
  'Processes that run across records: what each waits for, since when, and who can move it',
  {
    saga: text('Name of the kind of process'),
    instance: text('Which one it is, mostly the id of the record it began with'),
    status: text(
      'running, parked (a fault or a refusal stopped it), unadopted (begun before its saga was installed), finished or abandoned',
    ),
    about_category: text('Kind of the record it is about'),
    about_id: text('Id of the record it is about'),
    wait: nullable(text('Name of what it waits for, of those its saga knows; null while it is parked, not adopted or over')),
    reason: text('Why it is where it is'),
    next: text('What happens once it moves'),
    waited_category: nullable(text('Kind of the record it waits for')),
    waited_id: nullable(text('Id of the record it waits for')),
    moved_by_command: nullable(text('Command that moves it; null while the house itself is at work')),
    moved_by_permission: nullable(text('Permission that command takes')),
    since: instant('When it last moved'),
    refused_command: nullable(text('Its last command that was refused')),
    refused: nullable(text('Code of that refusal')),
    refused_because: nullable(text('Reason of that refusal')),
    tried_command: nullable(text('Command it is about to send')),
    tries: nullable(integer('How often sending that command has failed')),
    problem: nullable(text('Why sending it failed last')),
    correlation_id: text('The thread it belongs to'),
    attempt: integer('How often somebody retried, adopted or abandoned it'),
  },
  { key: 'Saga and instance, joined by ~' },
);

/** Kept by the runner of sagas in the transaction that moves an instance; it counts as a view for whoever waits for it. */
export const processes: AnyProjection = {
  ...PROCESSES,
  table: processesTable,
  events: processEvents,
  on: {},
  keptBy: 'sagas',
  versioned: true,
};

const RecordAnswer = z.strictObject({
  category: z.string().meta({ description: 'Kind of the record' }),
  id: z.string(),
});

const record = (category: string, id: string): Field<RecordRef> => ({
  sql: [category, id],
  schema: RecordAnswer,
  read: ([kind, value]) => ({ category: kind as string, id: value as string }),
});

const MovedBy = z.strictObject({ command: z.string(), permission: z.string() });
const Refused = z.strictObject({ command: z.string(), code: z.string(), because: z.string() });
const Tried = z.strictObject({ command: z.string(), times: z.int(), problem: z.string() });

/** Where a process stands; for the pages of what it is about, too. */
export const standing = {
  status: field.text('p.status'),
  wait: field.maybe(field.text('p.wait')),
  reason: field.text('p.reason'),
  next: field.text('p.next'),
  since: field.instant('p.since'),
  waitsFor: field.maybe(record('p.waited_category', 'p.waited_id')),
  movedBy: field.maybe({
    sql: ['p.moved_by_command', 'p.moved_by_permission'],
    schema: MovedBy,
    read: ([command, permission]) => ({ command: command as string, permission: permission as string }),
  }),
};

const fields = {
  saga: field.text('p.saga'),
  instance: field.text('p.instance'),
  about: record('p.about_category', 'p.about_id'),
  ...standing,
  refused: field.maybe({
    sql: ['p.refused_command', 'p.refused', 'p.refused_because'],
    schema: Refused,
    read: ([command, code, because]) => ({ command: command as string, code: code as string, because: because as string }),
  }),
  tried: field.maybe({
    sql: ['case when p.tries > 0 then p.tried_command end', 'p.tries', 'p.problem'],
    schema: Tried,
    read: ([command, times, problem]) => ({ command: command as string, times: times as number, problem: problem as string }),
  }),
  correlationId: field.text('p.correlation_id'),
};

const OPEN = `p.status not in ('finished', 'abandoned')`;
/** What waits for somebody to look: parked, then not adopted, then what cannot be sent for now; the rest is under way. */
const STALL = `case when p.status = 'parked' then '0' when p.status = 'unadopted' then '1' when p.tries > 0 then '2' else '3' end`;
const STALLED = `p.status in ('parked', 'unadopted') or coalesce(p.tries, 0) > 0`;
const SINCE = `to_char(p.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS')`;

export const listProcesses = listing({
  type: 'ListProcesses',
  summary: 'Processes under way, stalled ones first: what each waits for and since when, who can move it, what was tried.',
  route: 'GET /processes',
  permission: 'platform:processes',
  reads: [processes],
  from: 'processes p',
  key: 'p.id',
  fields,
  where: OPEN,
  filters: {
    saga: 'p.saga = ?',
    status: 'p.status = ?',
    about: 'p.about_id = ?',
    record: '? in (p.about_id, p.waited_id)',
    permission: 'p.moved_by_permission = ?',
    stalled: byFlag(STALLED),
  },
  sorts: { stalled: { sql: `${STALL} || ${SINCE}` }, since: { sql: 'p.since' }, newest: { sql: 'p.since', descending: true } },
  usual: 'stalled',
});

export const showProcess = query({
  type: 'ShowProcess',
  summary: 'One process, also when it is finished.',
  route: 'GET /processes/:saga/:instance',
  permission: 'platform:processes',
  reads: [processes],
  input: z.strictObject({ saga: z.string().max(100), instance: z.string().max(200) }),
  output: answerSchema(fields),
  answer: async (db, { saga, instance }) => {
    const [row] = await db.rows(`select ${selectList(fields)} from processes p where p.saga = $1 and p.instance = $2`, [saga, instance]);
    if (row === undefined) throw new NoSuchRecord('process', processOf(saga, instance).id);
    return readFields(fields, row);
  },
});

/** For what people say of a process; asked by commands only. */
export const standingOfProcess = query({
  type: 'StandingOfProcess',
  summary: 'Where a process stands; null where there is none.',
  permission: 'platform:processes',
  reads: [processes],
  input: z.strictObject({ saga: z.string(), instance: z.string() }),
  output: z.strictObject({ status: z.enum(processStatuses), attempt: z.int() }).nullable(),
  answer: async (db, { saga, instance }) => {
    const [row] = await db.rows<{ status: ProcessStatus; attempt: number }>(
      'select p.status, p.attempt from processes p where p.saga = $1 and p.instance = $2',
      [saga, instance],
    );
    return row ?? null;
  },
});
