/** Invented companies and people. Whoever bears such a name in life is not meant. */
import type { Chance } from './chance.ts';

const ROOTS = [
  'Velmora',
  'Zarenta',
  'Olmira',
  'Brezuta',
  'Tarvenia',
  'Cordexa',
  'Nolvera',
  'Miruvia',
  'Sandoria',
  'Pelvanta',
  'Gravona',
  'Istrela',
  'Dalmeta',
  'Fornaxia',
  'Harvesta',
  'Lumidra',
  'Rovenia',
  'Santova',
  'Ulmeta',
  'Voronia',
];
const TRADES = ['Construct', 'Instal', 'Metal', 'Mobil', 'Electric', 'Agro', 'Service', 'Proiect', 'Depozit', 'Logistic'];
const FORMS = ['SRL', 'SRL', 'SRL', 'SA'];
/** Towns are real, so that maps and lists look as they will. */
const TOWNS = [
  ['București', '010011'],
  ['Cluj-Napoca', '400001'],
  ['Timișoara', '300001'],
  ['Iași', '700001'],
  ['Constanța', '900001'],
  ['Craiova', '200001'],
  ['Brașov', '500001'],
  ['Galați', '800001'],
  ['Ploiești', '100001'],
  ['Oradea', '410001'],
  ['Sibiu', '550001'],
  ['Bacău', '600001'],
  ['Arad', '310001'],
  ['Pitești', '110001'],
  ['Suceava', '720001'],
] as const;
const STREETS = ['Strada Fabricii', 'Strada Teilor', 'Bulevardul Unirii', 'Calea Victoriei', 'Strada Depozitelor', 'Strada Morii'];
const FIRST = [
  'Ana',
  'Mihai',
  'Ioana',
  'Andrei',
  'Elena',
  'Radu',
  'Cristina',
  'Vlad',
  'Simona',
  'Bogdan',
  'Irina',
  'Paul',
  'Daria',
  'Sorin',
  'Lavinia',
];
const LAST = [
  'Munteanu',
  'Dobre',
  'Șerban',
  'Țepeluș',
  'Lungu',
  'Crăciun',
  'Avram',
  'Neagu',
  'Bălan',
  'Toma',
  'Oprea',
  'Voicu',
  'Manea',
  'Sandu',
];

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly phone: string;
}

export interface Firm {
  readonly name: string;
  readonly legalName: string;
  readonly address: { readonly street: string; readonly city: string; readonly postalCode: string; readonly country: string };
  /** A name of the internet that nobody can register (RFC 2606). */
  readonly domain: string;
}

/** As a part of an address: no accents, no spaces. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/[^a-zA-Z]/g, '')
    .toLowerCase();

/** All firms there can be, each name once, in an order of chance. */
export function firms(chance: Chance): readonly Firm[] {
  const names = ROOTS.flatMap(root => TRADES.map(trade => `${root} ${trade}`));
  return chance.some(names, names.length).map(name => {
    const [city, postalCode] = chance.pick(TOWNS);
    return {
      name,
      legalName: `${name} ${chance.pick(FORMS)}`,
      address: { street: `${chance.pick(STREETS)} ${chance.whole(1, 140)}`, city, postalCode, country: 'RO' },
      domain: `${plain(name)}.example`,
    };
  });
}

/** `number` tells apart who has the same name at the same firm. */
export function person(chance: Chance, domain: string, number: number): Person {
  const [first, last] = [chance.pick(FIRST), chance.pick(LAST)];
  return {
    name: `${first} ${last}`,
    email: `${plain(first)}.${plain(last)}${number}@${domain}`,
    phone: `+4070${String(chance.whole(0, 9_999_999)).padStart(7, '0')}`,
  };
}
