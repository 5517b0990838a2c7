/** What screens ask, kept in one cache; the live feed says what of it is no longer so. */
import { keepPreviousData, QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { get, Offline, type Parameters, Refused } from './client.ts';
import type { Me, Noun, Page } from './shapes.ts';

const retried = (times: number, error: Error): boolean =>
  times < 3 && (error instanceof Offline || (error instanceof Refused && error.problem.status === 503));

export const cache = new QueryClient({
  defaultOptions: { queries: { staleTime: 30_000, retry: retried, refetchOnWindowFocus: false, placeholderData: keepPreviousData } },
});

export const asked = <Answer>(path: string, parameters: Parameters = {}) =>
  queryOptions({ queryKey: [path, parameters], queryFn: () => get<Answer>(path, parameters) });

export const me = queryOptions({ queryKey: ['/me'], queryFn: () => get<Me>('/me'), retry: false });
export const meta = queryOptions({
  queryKey: ['/meta'],
  queryFn: () => get<{ nouns: readonly Noun[] }>('/meta'),
  staleTime: Number.POSITIVE_INFINITY,
});

interface Colleague {
  readonly id: string;
  readonly name: string;
}

const colleagues = queryOptions({
  queryKey: ['/colleagues'],
  queryFn: () => get<Page<Colleague>>('/colleagues', { limit: '200' }),
  staleTime: 300_000,
  retry: false,
});

/** Names by user id, of whoever the caller may know. */
export function useNames(): (id: string) => string {
  const { data } = useQuery(colleagues);
  const names = new Map(data?.items.map(({ id, name }) => [id, name]));
  return id => names.get(id) ?? id;
}

export const useColleagues = (): readonly Colleague[] => useQuery(colleagues).data?.items ?? [];

export function useNouns(): readonly Noun[] {
  return useQuery(meta).data?.nouns ?? [];
}

/** Whether the caller may do something, be it with their own records only. */
export function useMay(): (permission: string) => boolean {
  const grants = new Set(useQuery(me).data?.grants);
  return permission => grants.has('*') || grants.has(permission) || grants.has(`${permission}:own`);
}
