import { type Client, ImportStopped } from './client.ts';
import type { Mapping, Step } from './mapping.ts';
import type { Row, Source } from './sources.ts';
import { RowFault, type Scope, work } from './values.ts';

export interface Rejected {
  readonly step: string;
  readonly row: string;
  readonly field: string;
  readonly reason: string;
}

export interface StepCount {
  readonly step: string;
  readonly rows: number;
  changed: number;
  unchanged: number;
  rejected: number;
}

export interface Listener {
  began(count: StepCount): void;
  moved(count: StepCount): void;
  ended(count: StepCount): void;
  rejected(row: Rejected): void;
}

const AT_ONCE = 8;
const ONE_ROW: Row = {};

/** Runs the steps one after the other; the rows of a step several at once, unless their order matters. @throws ImportStopped */
export async function runImport(
  mapping: Mapping,
  sources: ReadonlyMap<string, Source>,
  client: Client,
  listener: Listener,
): Promise<readonly StepCount[]> {
  const ids = new Map<string, Map<string, string>>();
  const counts: StepCount[] = [];
  for (const step of mapping.steps) {
    const made = new Map<string, string>();
    ids.set(step.name, made);
    client.see();
    counts.push(await runStep(mapping.name, step, { rows: [], sources, ids }, made, client, listener));
  }
  return counts;
}

async function runStep(
  name: string,
  step: Step,
  scope: Scope,
  made: Map<string, string>,
  client: Client,
  listener: Listener,
): Promise<StepCount> {
  const rows = rowsOf(step, scope);
  const count: StepCount = { step: step.name, rows: rows.length, changed: 0, unchanged: 0, rejected: 0 };
  listener.began(count);
  const queue = rows.values();
  const worker = async (): Promise<void> => {
    for (const { key, row } of queue) {
      const faults = await runRow(
        `import:${name}:${step.name}:${encodeURIComponent(key)}`,
        key,
        step,
        { ...scope, rows: [row] },
        made,
        client,
        count,
      );
      for (const { field, reason } of faults) listener.rejected({ step: step.name, row: key, field, reason });
      if (faults.length > 0) count.rejected++;
      listener.moved(count);
    }
  };
  await Promise.all(Array.from({ length: step.inOrder ? 1 : AT_ONCE }, worker));
  listener.ended(count);
  return count;
}

function rowsOf({ from, where, order }: Step, scope: Scope): readonly { readonly key: string; readonly row: Row }[] {
  if (from === undefined) return [{ key: '', row: ONE_ROW }];
  const source = scope.sources.get(from);
  if (source === undefined) throw new ImportStopped(`The mapping reads ${from}, which is no source of it.`);
  const wanted = source.rows.filter(row => where === undefined || work(where, { ...scope, rows: [row] }) === true);
  const sorted = order === undefined ? wanted : wanted.toSorted((a, b) => compared(a, b, order));
  return sorted.map(row => ({ key: source.keyOf(row), row }));
}

function compared(a: Row, b: Row, columns: readonly string[]): number {
  const column = columns.find(name => a[name] !== b[name]);
  return column === undefined ? 0 : (a[column] ?? '') < (b[column] ?? '') ? -1 : 1;
}

type Fault = { readonly field: string; readonly reason: string };

async function runRow(
  key: string,
  rowKey: string,
  step: Step,
  scope: Scope,
  made: Map<string, string>,
  client: Client,
  count: StepCount,
): Promise<readonly Fault[]> {
  const request = requestOf(step, key, scope);
  if (request instanceof RowFault) return [{ field: request.field, reason: request.message }];
  const answer = await client.post(request);
  if (answer.status >= 300) return faultsOf(answer.body);
  made.set(rowKey, String(answer.body['id']));
  if (answer.repeated) count.unchanged++;
  else count.changed++;
  return [];
}

function requestOf(step: Step, key: string, scope: Scope) {
  try {
    const occurredAt = step.occurredAt === undefined ? undefined : work(step.occurredAt, scope);
    return {
      path: String(work(step.post, scope)),
      key,
      body: work(step.body, scope) ?? {},
      occurredAt: occurredAt === undefined ? undefined : String(occurredAt),
      awaits: step.awaits,
    };
  } catch (error) {
    if (error instanceof RowFault) return error;
    throw error;
  }
}

function faultsOf(problem: Readonly<Record<string, unknown>>): readonly Fault[] {
  const errors = problem['errors'] as readonly { readonly pointer: string; readonly detail: string }[] | undefined;
  if (errors !== undefined && errors.length > 0) return errors.map(({ pointer, detail }) => ({ field: pointer, reason: detail }));
  return [{ field: '', reason: `${String(problem['code'] ?? problem['title'])}: ${String(problem['detail'] ?? '')}` }];
}
