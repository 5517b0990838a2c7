/**
 * Signed heads of the chain, in a file outside the database that is only ever added to. Whoever changes the database, the
 * chain in it included, cannot make a head that says the same; whoever keeps a copy of the file elsewhere knows.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { writeWhole } from '../postgres/files.ts';
import { StartRefused } from '../supervisor/refused.ts';

const Claim = z.strictObject({
  logId: z.string(),
  /** Position of the last event the head vouches for, as decimal text; "0" before the first. */
  position: z.string(),
  /** Events from the first to that one. */
  events: z.int(),
  /** The chain's hash after it, in hex. */
  hash: z.string(),
  /** ISO 8601 instant in UTC. */
  at: z.iso.datetime(),
  /** True where the log was restored to this place: heads before it that go further are void. */
  restored: z.literal(true).optional(),
});
export type Claim = z.output<typeof Claim>;

const SignedHead = Claim.extend({ key: z.string(), signature: z.string() });
export type SignedHead = z.output<typeof SignedHead>;

const OTHERS = 0o077;
const FILE = 'heads.jsonl';
const PUBLIC_KEY = /^public-([0-9a-f]{16})\.pem$/;

const messageOf = (claim: Claim): Buffer => Buffer.from(canonicalize(claim) ?? '');
const fingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

/** Signs heads and adds them to the file. */
export class HeadWriter {
  readonly #folder: string;
  readonly #key: KeyObject;
  readonly #name: string;

  private constructor(folder: string, key: KeyObject, name: string) {
    this.#folder = folder;
    this.#key = key;
    this.#name = name;
  }

  /**
   * Reads the private key from `keysDir`, or makes it; the public one is put beside the heads.
   * @throws StartRefused when others may read the private key
   */
  static async open(folder: string, keysDir: string): Promise<HeadWriter> {
    const key = await signingKey(join(keysDir, 'proof.pem'));
    const publicKey = createPublicKey(key);
    const name = fingerprint(publicKey);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeWhole(join(folder, `public-${name}.pem`), publicKey.export({ type: 'spki', format: 'pem' }).toString());
    return new HeadWriter(folder, key, name);
  }

  /** On disk when it answers. A line that a crash cut off is ended first, so that it spoils no other. */
  async add(claim: Claim): Promise<void> {
    const signature = sign(null, messageOf(claim), this.#key).toString('base64');
    const line = JSON.stringify({ ...claim, key: this.#name, signature } satisfies SignedHead);
    const file = await open(join(this.#folder, FILE), 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(size - 1, 0));
      await file.writeFile(size === 0 || buffer.toString() === '\n' ? `${line}\n` : `\n${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function signingKey(path: string): Promise<KeyObject> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && (found.mode & OTHERS) !== 0)
    throw new StartRefused(`Others may read ${path}, which signs the heads of the log. Run: chmod 600 ${path}`);
  if (found !== undefined) return createPrivateKey(await readFile(path, 'utf8'));
  const { privateKey } = generateKeyPairSync('ed25519');
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  await writeWhole(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}

export interface Heads {
  /** Those whose signature holds, in the order in which they were written. */
  readonly valid: readonly SignedHead[];
  /** A sentence for each line that is none, with its number. */
  readonly faults: readonly string[];
}

/** Reads all heads of a folder and verifies their signatures by the public keys beside them. */
export async function readHeads(folder: string): Promise<Heads> {
  const names = await readdir(folder).catch(() => []);
  const keys = new Map<string, KeyObject>();
  for (const name of names) {
    const [, print] = PUBLIC_KEY.exec(name) ?? [];
    if (print !== undefined) keys.set(print, createPublicKey(await readFile(join(folder, name), 'utf8')));
  }
  const lines = (await readFile(join(folder, FILE), 'utf8').catch(() => '')).split('\n');
  const read = lines.flatMap((line, index) => (line === '' ? [] : [headIn(line, index + 1, keys)]));
  return {
    valid: read.filter(head => typeof head !== 'string'),
    faults: read.filter(head => typeof head === 'string'),
  };
}

function headIn(line: string, number: number, keys: ReadonlyMap<string, KeyObject>): SignedHead | string {
  const head = parsed(line);
  if (head === undefined) return `line ${number} of ${FILE} is no signed head`;
  const { key: name, signature, ...claim } = head;
  const key = keys.get(name);
  if (key === undefined || fingerprint(key) !== name) return `line ${number} of ${FILE} is signed with the key ${name}, which is not there`;
  if (!verify(null, messageOf(claim), key, Buffer.from(signature, 'base64'))) return `line ${number} of ${FILE} is not what was signed`;
  return head;
}

function parsed(line: string): SignedHead | undefined {
  try {
    return SignedHead.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** The heads that bind the log as it is now: a restore to an earlier place ends what went further. */
export const binding = (heads: readonly SignedHead[]): readonly SignedHead[] =>
  heads.filter((head, index) => !heads.slice(index + 1).some(later => later.restored && later.events < head.events));
