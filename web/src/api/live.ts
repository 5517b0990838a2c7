/** The live feed: whatever changes elsewhere is asked anew here, and the rail says whether the line is up. */
import { useSyncExternalStore } from 'react';
import { BASE, noticed } from './client.ts';
import { cache } from './queries.ts';

export interface Change {
  readonly position: string;
  readonly category: string;
  readonly id: string;
  readonly type: string;
  readonly mine: boolean;
  readonly token: string;
}

export type Line = 'live' | 'offline';

let line: Line = 'live';
let downSince = '';
const readers = new Set<() => void>();
const changed = new Set<(change: Change) => void>();

/** Changes that come together are asked for together. */
const GATHER_MS = 120;
let isGathering = false;

function refresh(): void {
  if (isGathering) return;
  isGathering = true;
  setTimeout(() => {
    isGathering = false;
    void cache.invalidateQueries({ predicate: ({ queryKey: [path] }) => path !== '/meta' && path !== '/me' });
  }, GATHER_MS);
}

function say(next: Line): void {
  if (line === next) return;
  line = next;
  downSince = new Date().toISOString();
  for (const tell of readers) tell();
}

/** Follows the feed until told to stop; the browser comes back by itself with the last id it saw. */
export function follow(): () => void {
  const source = new EventSource(`${BASE}/feed`);
  source.addEventListener('change', event => {
    const change = JSON.parse(event.data) as Change;
    noticed(change.token, change.position);
    for (const tell of changed) tell(change);
    if (!change.mine) refresh();
  });
  source.addEventListener('reset', refresh);
  source.addEventListener('ready', () => say('live'));
  source.onopen = () => say('live');
  source.onerror = () => say('offline');
  return () => source.close();
}

export const onChange = (tell: (change: Change) => void): (() => void) => {
  changed.add(tell);
  return () => changed.delete(tell);
};

const watch = (tell: () => void): (() => void) => {
  readers.add(tell);
  return () => readers.delete(tell);
};

export const useLine = (): Line => useSyncExternalStore(watch, () => line);
/** Since when there is no connection, as an instant. */
export const useDownSince = (): string => useSyncExternalStore(watch, () => downSince);
