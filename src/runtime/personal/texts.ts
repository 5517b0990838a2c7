/** Personal texts in what the runtime keeps beside the log, such as commands still to be sent: sealed one by one, wherever they stand. */
import { at, ERASED } from '../../kernel/personal.ts';
import type { StoredEvent } from '../event-log/port.ts';
import { openBytes, sealBytes } from './crypto.ts';
import type { PersonKeys } from './keys.ts';

/** Persons by the texts that belong to them. */
export type Secrets = ReadonlyMap<string, string>;

const NONE: Secrets = new Map();

/** The texts of people that an event holds; whoever copies one of them into something kept seals it with these. */
export function secretsOf(event: Pick<StoredEvent, 'data' | 'personal'>): Secrets {
  if (event.personal === undefined) return NONE;
  const { data } = event;
  return new Map(event.personal.flatMap(({ person, leaves }) => leaves.map(path => [at(data, path) as string, person] as const)));
}

/** What the sagas, the effects and others who keep payloads ask of personal data. */
export interface PersonalTexts {
  /** A copy with each text that is one of the secrets sealed for its person. The value is plain JSON. */
  seal(value: unknown, secrets: Secrets): unknown;
  /** The value that was sealed, with the placeholder where its person was erased since. @throws DatabaseUnavailable; Error when it cannot be opened */
  open(value: unknown): Promise<unknown>;
}

interface SealedText {
  readonly $sealed: string;
  readonly person: string;
}

const isSealed = (value: object): value is SealedText => '$sealed' in value && typeof value.$sealed === 'string' && 'person' in value;

const purposeOf = (person: string): string => `text ${person}`;

/** The persons of the secrets come from events just read or written, so their keys are at hand; those without one are erased. */
export const personalTexts = (keys: PersonKeys): PersonalTexts => ({
  seal: (value, secrets) => (secrets.size === 0 ? value : mapped(value, text => sealedText(keys, text, secrets.get(text)))),
  open: async value => {
    const persons = new Set<string>();
    collect(value, persons);
    if (persons.size === 0) return value;
    await keys.load(persons);
    return openedIn(keys, value);
  },
});

function sealedText(keys: PersonKeys, text: string, person: string | undefined): unknown {
  if (person === undefined || text === ERASED) return text;
  const key = keys.known(person);
  if (!key) return ERASED;
  return { $sealed: sealBytes(key, Buffer.from(text), purposeOf(person)).toString('base64url'), person } satisfies SealedText;
}

function openedIn(keys: PersonKeys, value: unknown): unknown {
  if (Array.isArray(value)) return value.map(member => openedIn(keys, member));
  if (typeof value !== 'object' || value === null) return value;
  if (isSealed(value)) return openedText(keys, value);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, openedIn(keys, member)]));
}

function openedText(keys: PersonKeys, { $sealed, person }: SealedText): string {
  const key = keys.known(person);
  if (key === null) return ERASED;
  if (key === undefined) throw new Error(`A text of ${person} cannot be opened: there is no such key`);
  return openBytes(key, Buffer.from($sealed, 'base64url'), purposeOf(person)).toString();
}

function collect(value: unknown, persons: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isSealed(value)) persons.add(value.person);
  else for (const member of Object.values(value)) collect(member, persons);
}

function mapped(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map(member => mapped(member, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapped(member, change)]));
}
