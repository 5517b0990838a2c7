/** The event log with personal texts sealed: whoever stands on it reads and writes them plain, what is stored is not. */

import { recordOf } from '../../kernel/command.ts';
import type { AnyEventDefinition } from '../../kernel/event.ts';
import { at, erasedAt, leavesOf, type PersonalPart, withTexts } from '../../kernel/personal.ts';
import type { EventLog, NewEvent, StoredEvent } from '../event-log/port.ts';
import { openBytes, sealBytes } from './crypto.ts';
import type { PersonKeys } from './keys.ts';

/** Beside the data, in which the placeholder stands for each text, so that what cannot be opened is read as erased. */
const SEALED = '$sealed';
const FORM = 1;

interface Sealed extends PersonalPart {
  /** Which form of sealing this is. */
  readonly form: number;
  /** The texts of the leaves as a JSON array, sealed, in base64url; empty where the person was erased before. */
  readonly box: string;
}

/** What is stored cannot be opened: it was changed, or its key or form is not known here. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
  constructor({ id, type, stream, revision }: StoredEvent, person: string, cause: unknown) {
    const because = cause instanceof Error ? cause.message : String(cause);
    super(`${type} (${stream}, revision ${revision}, event ${id}) cannot be opened for ${person}: ${because}`, { cause });
  }
}

type Definitions = ReadonlyMap<string, AnyEventDefinition>;

/** Texts are sealed for their place, so that none can be put into another event. */
const purposeOf = (eventId: string, person: string): string => `${eventId} ${person}`;

export function sealing(log: EventLog, definitions: Definitions, keys: PersonKeys): EventLog {
  return {
    append: async (stream, events, expected) => log.append(stream, await sealAll(definitions, keys, stream, events), expected),
    async *readStream(stream, from) {
      for await (const event of log.readStream(stream, from)) yield* await openAll(keys, [event]);
    },
    readAll: async (after, limit) => openAll(keys, await log.readAll(after, limit)),
    async *follow(after, options) {
      for await (const batch of log.follow(after, options)) yield await openAll(keys, batch);
    },
    head: () => log.head(),
    identity: () => log.identity(),
    close: () => log.close(),
  };
}

async function sealAll(
  definitions: Definitions,
  keys: PersonKeys,
  stream: string,
  events: readonly NewEvent[],
): Promise<readonly NewEvent[]> {
  const { id: recordId } = recordOf(stream);
  const parts = events.map(event => partsOf(definitions.get(event.type), event.data, recordId));
  const persons = new Set(parts.flat().map(({ person }) => person));
  if (persons.size === 0) return events;
  await keys.make(persons);
  return events.map((event, index) => sealed(keys, event, parts[index] ?? []));
}

/** Whose texts the data hold, and where. */
export function partsOf(definition: AnyEventDefinition | undefined, data: unknown, recordId: string): readonly PersonalPart[] {
  const parts = (definition?.personal ?? []).flatMap(({ person: personOf, fields }) => {
    const person = personOf(data as never, recordId);
    const leaves = person === undefined ? [] : leavesOf(data, fields);
    return person === undefined || leaves.length === 0 ? [] : [{ person, leaves }];
  });
  return parts;
}

function sealed(keys: PersonKeys, event: NewEvent, parts: readonly PersonalPart[]): NewEvent {
  if (parts.length === 0) return event;
  const boxes = parts.map(({ person, leaves }): Sealed => {
    const key = keys.known(person);
    if (key === undefined) throw new Error(`${person} has no key`);
    const texts = JSON.stringify(leaves.map(path => at(event.data, path)));
    const box = key === null ? '' : sealBytes(key, Buffer.from(texts), purposeOf(event.id, person)).toString('base64url');
    return { person, leaves, form: FORM, box };
  });
  const rest = erasedAt(
    event.data,
    parts.flatMap(({ leaves }) => leaves),
  ) as object;
  return { ...event, data: { ...rest, [SEALED]: boxes } };
}

const boxesOf = ({ data }: StoredEvent): readonly Sealed[] | undefined =>
  (data as { readonly [SEALED]?: readonly Sealed[] } | null)?.[SEALED];

/** The event as everybody is read who was erased: for those who need no personal text and have no key. */
export function sealedOut(stored: StoredEvent): StoredEvent {
  if (boxesOf(stored) === undefined) return stored;
  const { [SEALED]: _, ...plain } = stored.data as { readonly [SEALED]: unknown };
  return { ...stored, data: plain };
}

/** The events with their personal texts opened. @throws DatabaseUnavailable, MasterKeyUnknown */
export async function openAll(keys: PersonKeys, events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> {
  const unknown = new Set<string>();
  for (const event of events) for (const { person } of boxesOf(event) ?? []) if (keys.known(person) === undefined) unknown.add(person);
  if (unknown.size > 0) await keys.load(unknown);
  return events.map(event => opened(keys, event));
}

/**
 * The event as it was appended, with `personal` telling where its texts of people are. What cannot be opened fails when it is
 * asked for its data, so that whoever does not ask is not concerned.
 */
function opened(keys: PersonKeys, stored: StoredEvent): StoredEvent {
  const boxes = boxesOf(stored);
  if (boxes === undefined) return stored;
  const personal = boxes.map(({ person, leaves }) => ({ person, leaves }));
  let data: { readonly open: unknown } | undefined;
  return {
    ...stored,
    personal,
    get data() {
      data ??= { open: openedData(keys, stored, boxes) };
      return data.open;
    },
  };
}

function openedData(keys: PersonKeys, stored: StoredEvent, boxes: readonly Sealed[]): unknown {
  const { [SEALED]: _, ...plain } = stored.data as { readonly [SEALED]: unknown };
  return boxes.reduce<unknown>((data, sealed) => {
    const texts = textsIn(keys, stored, sealed);
    return texts === undefined ? data : withTexts(data, sealed.leaves, texts);
  }, plain);
}

/** The texts, or undefined when the person was erased. @throws SealBroken */
function textsIn(keys: PersonKeys, stored: StoredEvent, { person, leaves, form, box }: Sealed): readonly string[] | undefined {
  const key = keys.known(person);
  if (key === null) return undefined;
  try {
    if (form !== FORM) throw new Error(`its form of sealing is ${form}, known is ${FORM}`);
    if (key === undefined) throw new Error('there is no such key');
    const texts = JSON.parse(openBytes(key, Buffer.from(box, 'base64url'), purposeOf(stored.id, person)).toString()) as readonly string[];
    if (texts.length !== leaves.length) throw new Error('it holds other texts than it names');
    return texts;
  } catch (error) {
    throw new SealBroken(stored, person, error);
  }
}
