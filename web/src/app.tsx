import { useQuery } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, RouterProvider } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { onSignedOut } from './api/client.ts';
import { follow } from './api/live.ts';
import { cache, me } from './api/queries.ts';
import { ListPage } from './generic/list-page.tsx';
import { RecordPage } from './generic/record-page.tsx';
import { AccountPage } from './screens/account-page.tsx';
import { DealBoard, LeadBoard } from './screens/boards.tsx';
import { Home } from './screens/home.tsx';
import { OrderPage } from './screens/order-page.tsx';
import { ProcessesPage } from './screens/processes.tsx';
import { SignIn } from './screens/sign-in.tsx';
import { ThreadPage } from './screens/thread.tsx';
import { Shell } from './shell/shell.tsx';
import { Note, Skeleton } from './ui/parts.tsx';

/** What an address holds beside its path: filters, order, instant, open drawer; under the names the API has for them. */
export type Search = Readonly<Record<string, string | undefined>>;
const given = (search: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, String(value)]])),
  );
const searchText = (search: Record<string, unknown>): string => {
  const text = new URLSearchParams(given(search)).toString();
  return text === '' ? '' : `?${text}`;
};

const root = createRootRoute({ component: Shell, validateSearch: (search): Search => given(search) });
const at = (path: string, component: () => React.ReactNode) => createRoute({ getParentRoute: () => root, path, component });

const routeTree = root.addChildren([
  at('/', Home),
  at('/deals/board', DealBoard),
  at('/leads/board', LeadBoard),
  at('/processes', ProcessesPage),
  at('/accounts/$id', AccountPage),
  at('/sales-orders/$id', OrderPage),
  at('/threads/$id', ThreadPage),
  at('/$noun', ListPage),
  at('/$noun/$id', RecordPage),
]);

const router = createRouter({
  routeTree,
  defaultPreload: false,
  parseSearch: text => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: searchText,
});

/** Who is not signed in sees the way in, at whatever address; signed in, that very address. */
export function App() {
  const [isOut, setOut] = useState(false);
  const { data, error, isPending } = useQuery({ ...me, enabled: !isOut });
  useEffect(() => onSignedOut(() => setOut(true)), []);
  const isIn = data !== undefined && !isOut;
  useEffect(() => (isIn ? follow() : undefined), [isIn]);
  const comeIn = (): void => {
    cache.clear();
    setOut(false);
  };
  if (isOut) return <SignIn done={comeIn} />;
  if (isPending) return <Skeleton />;
  if (error !== null) return <Note error={error} />;
  return <RouterProvider router={router} />;
}
