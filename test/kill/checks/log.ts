import { appendsOf, type Check, type Logged } from '../history.ts';
import { isRefused } from '../ledger.ts';

/** I3: revisions without gaps, ids that are unique, one order, and the same however it is read. */
export const ordered: Check = function* ({ events, again }) {
  const heads = new Map<string, number>();
  const ids = new Map<string, string>();
  let last = -1n;
  for (const { position, stream, revision, id } of events) {
    const expected = (heads.get(stream) ?? -1) + 1;
    if (revision !== expected) yield `${stream} goes on with revision ${revision} in place of ${expected}`;
    if (position <= last) yield `position ${position} follows ${last}`;
    if (ids.has(id)) yield `the id ${id} is in ${ids.get(id)} and in ${stream}`;
    heads.set(stream, revision);
    ids.set(id, stream);
    last = position;
  }
  if (events.length !== again.length) yield `one reading found ${events.length} events, another ${again.length}`;
  const different = events.findIndex((event, index) => textOf(event) !== textOf(again[index]));
  if (different >= 0 && events.length === again.length) yield `two readings differ at position ${events[different]?.position}`;
};

const textOf = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => canonical(part));

function canonical(part: unknown): unknown {
  if (typeof part === 'bigint') return part.toString();
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const HASH = /^[0-9a-f]{64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ACTORS = ['staff', 'contact', 'integration', 'system'];

/** I9: every event tells who, when, by which command, in which thread, because of what, and on the basis of what. */
export const attributed: Check = function* (history) {
  const { events, commands } = history;
  const refused = events.filter(({ type }) => type === 'CommandRefused').map(({ data }) => data['commandId'] as string);
  const causes = new Set([
    ...events.flatMap(({ id, metadata }) => [id, metadata?.commandId]),
    ...refused,
    // What was held for a command that was then refused, and given back, has that command as its cause.
    ...commands.filter(isRefused).map(({ id }) => id),
  ]);
  for (const event of events) {
    const missing = missingIn(event);
    if (missing.length > 0) yield `${event.type} in ${event.stream} lacks ${missing.join(', ')}`;
    else if (!causes.has(event.metadata.causationId)) yield `${event.type} in ${event.stream} names a cause that does not exist`;
  }
  for (const append of appendsOf(history)) {
    const [first] = append;
    const basis = first?.metadata?.basis;
    if (basis === undefined || append.every(({ revision, metadata }, index) => metadata?.basis === basis && revision === basis + 1 + index))
      continue;
    yield `${first?.stream} was decided at revision ${basis}, but written at ${append.map(({ revision }) => revision).join(', ')}`;
  }
};

function missingIn({ metadata }: Logged): readonly string[] {
  const {
    version,
    recordedAt = '',
    occurredAt = '',
    actor,
    commandId = '',
    commandHash = '',
    correlationId = '',
    causationId = '',
    basis,
  } = (metadata ?? {}) as Partial<Logged['metadata']>;
  const good = {
    version: Number.isInteger(version) && (version ?? 0) > 0,
    recordedAt: INSTANT.test(recordedAt),
    occurredAt: INSTANT.test(occurredAt),
    actor: actor !== undefined && ACTORS.includes(actor.kind) && actor.id !== '',
    commandId: UUID.test(commandId),
    commandHash: HASH.test(commandHash),
    correlationId: UUID.test(correlationId),
    causationId: UUID.test(causationId),
    basis: Number.isInteger(basis),
  };
  return Object.entries(good).flatMap(([name, isGood]) => (isGood ? [] : [name]));
}
