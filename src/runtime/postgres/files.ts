import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Account, give } from './account.ts';

/** Writes a file so that after a crash at any moment it is either as before or whole. Readable by its owner only. */
export async function writeWhole(path: string, text: string, account?: Account): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w', 0o600);
  await written(file, text);
  await give(fresh, account);
  await rename(fresh, path);
  await flushFolder(dirname(path));
}

async function written(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename is on disk for good only when its folder is. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
