import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

/** One import: who imports what, both as paths below src/, or a package's name. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

const ROOT = join(import.meta.dirname, '..', '..');

export interface Source {
  /** Path below the folder that was walked, with `/`. */
  readonly path: string;
  readonly text: string;
}

export const sourcesOf = (folder: string): readonly Source[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => join(entry.parentPath, entry.name))
    .map(file => ({ path: relative(join(ROOT, folder), file).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }));

const SPECIFIER =
  /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;

export const importsOf = (sources: readonly Source[]): readonly Import[] =>
  sources.flatMap(({ path, text }) =>
    [...text.matchAll(SPECIFIER)].map(match => {
      const specifier = (match[1] ?? match[2] ?? match[3]) as string;
      return { from: path, to: specifier.startsWith('.') ? posix.join(dirname(path), specifier) : specifier };
    }),
  );

const context = (path: string): string => path.split('/')[1] ?? '';
const layer = (path: string): string => path.split('/')[0] ?? '';
const isOurs = (path: string): boolean => path.endsWith('.ts');

type Rule = (entry: Import) => boolean;
const toKernel: Rule = ({ to }) => layer(to) === 'kernel';
const toZod: Rule = ({ to }) => to === 'zod';
const toLayer =
  (name: string): Rule =>
  ({ to }) =>
    layer(to) === name;
const toOwn =
  (name: string): Rule =>
  ({ from, to }) =>
    layer(to) === name && context(to) === context(from);
/** Words that belong to no single context stand directly in domain/. */
const toVocabulary: Rule = ({ to }) => /^domain\/[^/]+\.ts$/.test(to);
/** A claim is how any noun makes a key of its own unique, so every context may hold one. */
const toClaims: Rule = ({ to }) => to === 'commands/platform/claim.ts' || to === 'domain/platform/claim.ts';
/** What a context lets others hold in it stands in a file of its own. */
const toHolds: Rule = ({ to }) => /^commands\/[^/]+\/holds\.ts$/.test(to);
/** What commands of several contexts must know of others stands directly in commands/. */
const toKnowledge: Rule = ({ to }) => to === 'commands/knowledge.ts';
const toPackage: Rule = ({ to }) => !isOurs(to);

/** What each layer may import; everything not listed is a breach. */
const MAY: Readonly<Record<string, readonly Rule[]>> = {
  kernel: [toZod, toKernel],
  domain: [toZod, toKernel, toOwn('domain'), toVocabulary],
  projections: [toZod, toKernel, toLayer('domain'), toLayer('projections')],
  commands: [toZod, toKernel, toOwn('domain'), toVocabulary, toOwn('commands'), toLayer('projections'), toClaims, toHolds, toKnowledge],
  effects: [toZod, toKernel, toLayer('domain'), toLayer('commands'), toLayer('projections'), toOwn('effects')],
  sagas: [toZod, toKernel, toLayer('domain'), toLayer('commands'), toLayer('effects'), toOwn('sagas')],
  invariants: [toKernel, toLayer('domain'), toLayer('invariants')],
  modules: [
    toKernel,
    toLayer('modules'),
    toLayer('invariants'),
    toLayer('commands'),
    toLayer('projections'),
    toLayer('sagas'),
    toLayer('effects'),
  ],
  api: [toPackage, toKernel, toLayer('api'), toLayer('modules'), toLayer('runtime')],
  runtime: [toPackage, toKernel, toLayer('runtime'), toLayer('integrations'), toLayer('modules'), toLayer('api'), toLayer('eventstore')],
  integrations: [toPackage, toKernel, toLayer('integrations')],
  eventstore: [toPackage, toLayer('eventstore')],
  cli: [toPackage, toKernel, toLayer('runtime'), toLayer('modules'), toLayer('cli')],
  'main.ts': [toPackage, toKernel, toLayer('runtime'), toLayer('modules'), toLayer('eventstore'), toLayer('api')],
};

/** The imports that no rule permits, as sentences. */
export const breaches = (imports: readonly Import[]): readonly string[] =>
  imports.filter(entry => !(MAY[layer(entry.from)] ?? []).some(rule => rule(entry))).map(({ from, to }) => `${from} may not import ${to}`);
