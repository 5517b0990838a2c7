import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.stop());

interface Shape {
  readonly properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
}

const lists = [...registry(modules).queries.values()]
  .map(({ route, input }) => ({ route: route ?? '', properties: (input.toJSONSchema({ io: 'input' }) as Shape).properties ?? {} }))
  .filter(({ route, properties }) => route !== '' && 'limit' in properties && 'sort' in properties);

/** Values of every kind a filter may take; at least one of them suits each. */
const VALUES = ['x', "it's", 'true', '2026-01-31', '2026-01-31T12:00:00Z'];
const SERVED = 200;
const REFUSED = [400, 422];

/** What Postgres would take for a day or an instant, and this house does not. */
const LOOSE = ['now', 'infinity', '1/31/2026', '20260131'];
const isOfTime = (name: string): boolean => /(from|to)\]$/i.test(name);

const path = (route: string): string => route.replace('GET ', '').replace(/:\w+/g, 'nothing');

describe('every list', () => {
  test('is found here', () => expect(lists.length).toBeGreaterThan(15));

  test.each(lists)('answers by each of its sorts: $route', async ({ route, properties }) => {
    for (const sort of properties['sort']?.enum ?? [])
      expect(await house.get(`${path(route)}?sort=${sort}`)).toMatchObject({ status: SERVED });
  });

  test.each(lists)('is offered as CSV, with a column for each value: $route', async ({ route }) => {
    const { status, headers, text } = await house.get(`${path(route)}?format=csv`);
    expect([status, headers.get('Content-Type')]).toEqual([SERVED, 'text/csv; charset=utf-8; header=present']);
    expect(text.split('\r\n')[0]?.split(',').length).toBeGreaterThan(1);
  });

  test.each(lists)('answers by each of its filters, whatever is asked: $route', async ({ route, properties }) => {
    for (const name of Object.keys(properties).filter(name => name.startsWith('filter['))) {
      const asked = await Promise.all(VALUES.map(value => house.get(`${path(route)}?${name}=${encodeURIComponent(value)}`)));
      const statuses = asked.map(({ status }) => status);
      expect({ name, statuses: statuses.filter(status => status !== SERVED && !REFUSED.includes(status)) }).toEqual({ name, statuses: [] });
      expect({ name, served: statuses.includes(SERVED) }).toEqual({ name, served: true });
    }
  });

  test.each(lists)('takes days and instants by ISO 8601 only: $route', async ({ route, properties }) => {
    for (const name of Object.keys(properties).filter(isOfTime)) {
      const asked = await Promise.all(LOOSE.map(value => house.get(`${path(route)}?${name}=${encodeURIComponent(value)}`)));
      expect({ name, statuses: asked.map(({ status }) => status) }).toEqual({ name, statuses: LOOSE.map(() => 400) });
    }
  });
});
