import type { Registry } from '../kernel/module.ts';
import { type AppOptions, endpointsOf } from './app.ts';
import type { Endpoint } from './endpoint.ts';

/** Every operation over HTTP, to be described: nothing stands behind these, so none of them can be asked. */
export const describedEndpoints = (registry: Registry): readonly Endpoint[] =>
  endpointsOf(
    {
      registry,
      executor: absent(),
      queries: absent(),
      identity: absent(),
      requests: absent(),
      rest: absent(),
      feed: absent(),
      readiness: absent(),
      metrics: absent(),
      logger: absent(),
      clock: absent(),
      timeZone: 'UTC',
      logIdentity: () => Promise.reject(onlyDescribed()),
    } satisfies AppOptions,
    { secure: true, origins: [] },
  );

const onlyDescribed = (): Error => new Error('This operation is only described');

const absent = <Part extends object>(): Part =>
  new Proxy<Part>({} as Part, {
    get: () => () => {
      throw onlyDescribed();
    },
  });
