/** One Postgres for the whole test run, started as the product starts it: durable settings included. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../src/runtime/postgres/embedded.ts';

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.THROUGHLINE_TEST_POSTGRES;
  if (given) {
    project.provide('postgresUrl', given);
    return undefined;
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'throughline-test-'));
  // For root: Postgres runs as an account without rights, which must reach its files in here.
  await chmod(dataDir, 0o711);
  const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
  try {
    const postgres = await startPostgres({ dataDir, say: sentence => process.stderr.write(`${sentence}\n`) });
    project.provide('postgresUrl', postgres.url);
    return async () => {
      await postgres.stop();
      await remove(postgres.home.path);
      await remove(dataDir);
    };
  } catch (error) {
    await remove(dataDir);
    throw error;
  }
}
