import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

const ROOT = join(import.meta.dirname, '..', '..');
let house: TestHouse;
let key: string;
let desk: string;

beforeAll(async () => {
  house = await startHouse();
  key = String((await house.post('/api-keys', { name: 'Import', grants: ['*'] })).body['token']);
  desk = await mkdtemp(join(tmpdir(), 'import-'));
  for (const file of await readdir(join(ROOT, 'examples/sample'))) await copyFile(join(ROOT, 'examples/sample', file), join(desk, file));
});
afterAll(async () => {
  await house?.stop();
  await rm(desk, { recursive: true, force: true });
});

async function imported(mapping: string, token = key): Promise<{ readonly code: number; readonly said: string }> {
  const env = { ...process.env, THROUGHLINE_URL: house.url, THROUGHLINE_API_KEY: token };
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/import.ts'), mapping, desk], {
    cwd: desk,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', chunk => (said += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

describe('an import', () => {
  const sample = join(ROOT, 'imports/sample.json');

  test('of the sample comes in whole, and a second run changes nothing', async () => {
    expect(await imported(sample)).toMatchObject({ code: 0, said: expect.stringMatching(/\n20 changed, 0 unchanged, 0 rejected\n$/) });
    expect(await imported(sample)).toMatchObject({ code: 0, said: expect.stringMatching(/\n0 changed, 20 unchanged, 0 rejected\n$/) });
    expect(await readdir(desk)).not.toContain('rejected-sample.csv');
  });

  test('writes rejected rows to a file, with row, field and reason, and brings in the others', async () => {
    await writeFile(join(desk, 'items.csv'), 'sku,name,tax\nGOOD,Good,19\nBAD,Bad,1900\nWIDE,Too,many,fields\n');
    const mapping = join(desk, 'mapping.json');
    const body = { sku: { $column: 'sku' }, name: { $column: 'name' }, uom: 'piece', taxPercent: { $column: 'tax' } };
    await writeFile(
      mapping,
      JSON.stringify({
        name: 'bad',
        sources: { items: { file: 'items.csv', key: ['sku'] } },
        steps: [{ name: 'items', from: 'items', post: '/items', body }],
      }),
    );
    expect(await imported(mapping)).toMatchObject({ code: 1, said: expect.stringMatching(/\n1 changed, 0 unchanged, 2 rejected\n$/) });
    const [header, wide, bad] = (await readFile(join(desk, 'rejected-bad.csv'), 'utf8')).trimEnd().split('\n');
    expect(header).toBe('step,row,field,reason');
    expect(wide).toBe('items,line 4,,4 fields where the header has 3');
    expect(bad).toMatch(/^items,BAD,\/taxPercent,/);
  });

  test.each([
    ['a mapping that is none', () => join(ROOT, 'package.json'), undefined, /is no mapping/],
    ['a mapping that is not there', () => join(ROOT, 'nowhere.json'), undefined, /nowhere\.json/],
    ['a key that opens nothing', () => sample, 'tlk_nothing', /answered 401/],
  ])('is refused %s in a sentence', async (_, mapping, token, sentence) => {
    const { code, said } = await imported(mapping(), token);
    expect(code).toBe(2);
    expect(said).toMatch(sentence);
    expect(said).not.toMatch(/\n\s+at /);
  });
});
