/** Ids that follow from what they stand for, so that doing a thing again makes the same id. */
import { createHash } from 'node:crypto';

/** Namespace of all ids derived here; drawn once at random and never to be changed, or repeated work would have new ids. */
const ROOT = '6f0d6c1e-5a0b-4c7e-9d55-2f8e1b7a9c34';

/** UUID version 5 (RFC 9562 §5.5) of the parts, in a namespace named by what the ids are for, e.g. `event`. */
export function uuidv5(namespaceName: string, ...parts: readonly string[]): string {
  return hashed(namespaceOf(namespaceName), JSON.stringify(parts));
}

/** Names of namespaces are written in the code, so they are few. */
const NAMESPACES_MAX = 1_000;
const namespaces = new Map<string, Buffer>();

function namespaceOf(name: string): Buffer {
  const known = namespaces.get(name);
  if (known !== undefined) return known;
  const made = bytesOf(hashed(bytesOf(ROOT), name));
  if (namespaces.size >= NAMESPACES_MAX) namespaces.clear();
  namespaces.set(name, made);
  return made;
}

const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

function hashed(namespace: Buffer, name: string): string {
  const bytes = createHash('sha1').update(namespace).update(name, 'utf8').digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS_PER_DIGIT = 5n;

/** A UUID as 26 digits of Crockford's base 32, the form all record ids have. */
export function recordId(uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let digits = '';
  for (let index = 0; index < 26; index++) {
    digits = CROCKFORD[Number(rest & 31n)] + digits;
    rest >>= BITS_PER_DIGIT;
  }
  return digits;
}

/** SHA-256 of a value as canonical JSON (keys in order), in hex: equal exactly when the values are. */
export const digest = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}
