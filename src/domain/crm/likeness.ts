/**
 * When two records may be the same party. A tax number or an e-mail address is certain, a telephone strong, a name possible.
 * Compared are keys: what was written, without what people write now so and now otherwise.
 */
import { z } from 'zod';
import { ERASED } from '../../kernel/personal.ts';

const strengths = ['certain', 'strong', 'possible'] as const;
const keyNames = ['taxId', 'email', 'phone', 'name'] as const;
type KeyName = (typeof keyNames)[number];

/** Another record that is perhaps the same, and by which of their keys; texts of neither. */
export const Resemblance = z.strictObject({ id: z.string(), strength: z.enum(strengths), by: z.array(z.enum(keyNames)) });
export type Resemblance = z.output<typeof Resemblance>;

/** What a record is compared by. `place` tells names apart: the city of a company, the company of a person. */
export interface Keys {
  readonly taxId?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly name?: string | undefined;
  readonly place?: string | undefined;
}

/** Letters that are not another letter with a mark. */
const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ı: 'i' };

const LEGAL_FORMS: ReadonlySet<string> = new Set(
  'srl sa sc pfa ii if snc scs sca ra ong ltd limited llc inc corp plc gmbh mbh ag kg ohg ug eg bv nv sarl sas spa kft zrt bt oy ab as aps doo ood eood sro'.split(
    ' ',
  ),
);

/** The words of a text without case, marks and punctuation; dots within words join what they part: `S.R.L.` is `srl`. */
const wordsOf = (text: string): readonly string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøłđı]/gu, letter => LETTERS[letter] ?? letter)
    .replace(/[.'’]/gu, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '');

/**
 * A key of what is written: empty where that tells nothing, absent where nothing is written, and of what was erased the placeholder,
 * so that a view which was blanked and one built anew are the same.
 */
const keyOf =
  (make: (text: string) => string) =>
  (text: string | undefined): string | undefined =>
    text === undefined || text === ERASED ? text : make(text);

/** Name of a company without its legal form, as long as anything is left then. */
export const companyKey = keyOf(text => {
  const words = wordsOf(text);
  const telling = words.filter(word => !LEGAL_FORMS.has(word));
  return (telling.length > 0 ? telling : words).join(' ');
});

/** Name of a person, whichever of the names comes first. */
export const personKey = keyOf(text => wordsOf(text).toSorted().join(' '));

export const placeKey = keyOf(text => wordsOf(text).join(' '));

/** The digits of a tax number: `RO 123` and `123` are one. One without any counts as it is written. */
export const taxKey = keyOf(text => text.replace(/\D/gu, '') || wordsOf(text).join(''));

export const emailKey = keyOf(text => text.trim().toLowerCase());

const PHONE_DIGITS_MIN = 6;

/** `+` and all digits where the country is said, else the digits after the leading zero. Fewer than six digits are no number. */
export const phoneKey = keyOf(text => {
  const number = text.replace(/\p{L}.*$/su, '').trim();
  const digits = number.replace(/\(0\)/u, number.startsWith('+') ? '' : '0').replace(/\D/gu, '');
  if (digits.length < PHONE_DIGITS_MIN) return '';
  if (number.startsWith('+')) return `+${digits}`;
  return digits.startsWith('00') ? `+${digits.slice(2)}` : digits.replace(/^0/u, '');
});

/** All keys under which one number (ITU-T E.164) stands, with the country's calling code said or left out. */
export function phoneKeys(key: string | undefined, callingCode: string): readonly string[] {
  if (!key) return [];
  const home = `+${callingCode}`;
  if (!key.startsWith('+')) return [key, `${home}${key}`];
  return key.startsWith(home) ? [key, key.slice(home.length)] : [key];
}

/** Sets of three letters, each word with two spaces before and one behind, as PostgreSQL's pg_trgm counts them. */
function trigrams(key: string): ReadonlySet<string> {
  const padded = key.split(' ').map(word => `  ${word} `);
  return new Set(padded.flatMap(word => Array.from({ length: word.length - 2 }, (_, index) => word.slice(index, index + 3))));
}

/** Names are alike from 85 % of common trigrams on: shared ones of all that either has. */
const ALIKE_PERCENT = 85;

export function alike(one: string, other: string): boolean {
  const [a, b] = [trigrams(one), trigrams(other)];
  const shared = a.intersection(b).size;
  return shared * 100 >= (a.size + b.size - shared) * ALIKE_PERCENT;
}

/** An order of trigrams that has nothing to do with how common they are. */
const scrambled = (trigram: string): number =>
  [...trigram].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619), 2_166_136_261);

/**
 * A few trigrams of a name, of which two names that are alike always share one: so names that are alike are found by an index.
 * Prefix filter of set similarity joins (Bayardo, Ma, Srikant, 2007): of n trigrams in one fixed order the first n − ⌈0.85 n⌉ + 1.
 */
export function tellingTrigrams(key: string): readonly string[] {
  if (key === '' || key === ERASED) return [key];
  const all = [...trigrams(key)].toSorted((a, b) => scrambled(a) - scrambled(b) || (a < b ? -1 : 1));
  return all.slice(0, all.length - Math.ceil((all.length * ALIKE_PERCENT) / 100) + 1);
}

export type Noun = 'account' | 'contact' | 'lead';

/** Companies of one name are told apart by cities that are both known; persons are the same only where both have one company. */
const samePlace = (noun: Noun, one: string | undefined, other: string | undefined): boolean =>
  noun === 'account' ? !one || !other || one === other : !!one && one === other;

const STRENGTH: Readonly<Record<KeyName, Resemblance['strength']>> = {
  taxId: 'certain',
  email: 'certain',
  phone: 'strong',
  name: 'possible',
};
const RESEMBLING_MAX = 10;

export interface Comparing {
  readonly noun: Noun;
  readonly keys: Keys;
  /** Of the company's country, for numbers that do not say theirs. */
  readonly callingCode: string;
}

/** The records among the candidates that may be the same party, the surest first. */
export function resembling(wanted: Comparing, candidates: readonly (Keys & { readonly id: string })[]): readonly Resemblance[] {
  const found = candidates.flatMap(({ id, ...keys }) => {
    const by = sharedKeys(wanted, keys);
    return by[0] === undefined ? [] : [{ id, strength: STRENGTH[by[0]], by: [...by] }];
  });
  return found
    .toSorted((a, b) => strengths.indexOf(a.strength) - strengths.indexOf(b.strength) || (a.id < b.id ? -1 : 1))
    .slice(0, RESEMBLING_MAX);
}

/** By which keys, the surest first. */
function sharedKeys({ noun, keys, callingCode }: Comparing, other: Keys): readonly KeyName[] {
  const same: Readonly<Record<KeyName, boolean>> = {
    taxId: !!keys.taxId && keys.taxId === other.taxId,
    email: !!keys.email && keys.email === other.email,
    phone: !!other.phone && phoneKeys(keys.phone, callingCode).includes(other.phone),
    name: !!keys.name && !!other.name && samePlace(noun, keys.place, other.place) && alike(keys.name, other.name),
  };
  return keyNames.filter(name => same[name]);
}
