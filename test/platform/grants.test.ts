import { expect, test } from 'vitest';
import { BUILT_IN_ROLES, RoleCode } from '../../src/domain/platform/grants.ts';
import { Grants } from '../../src/kernel/authority.ts';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';

const { commands, queries } = registry(modules);
const asked = new Set(
  [...commands.values(), ...queries.values()].flatMap(({ route, permission }) => (route === undefined ? [] : [permission as string])),
);
/** Rights asked for inside decisions and at the door, and by what handles secrets. */
const asides = [
  'crm:force-duplicate',
  'sales:assign',
  'sales:price-by-hand',
  'sales:self-accept',
  'platform:backdate',
  'platform:keys',
  'warehouse:backdate',
];
const granted = Object.values(BUILT_IN_ROLES).flatMap(({ grants }) => grants.map(grant => grant.replace(/:own$/, '')));

test('the built-in roles are well formed', () => {
  for (const [code, { grants }] of Object.entries(BUILT_IN_ROLES)) {
    expect(RoleCode.parse(code)).toBe(code);
    expect(Grants.parse(grants)).toEqual(grants);
  }
});

test('the built-in roles grant nothing that nobody asks for', () =>
  expect(granted.filter(grant => grant !== '*' && !asked.has(grant) && !asides.includes(grant))).toEqual([]));

test('all that the business asks for is granted by some role besides the administrator’s', () => {
  expect(asked.size).toBeGreaterThan(20);
  // What goes to strangers, and by which secret, is for administrators, as is the way that deals go.
  const administrators = ['platform:users', 'platform:roles', 'platform:webhooks', 'platform:webhook-secrets', 'crm:configure'];
  expect([...asked].filter(permission => !granted.includes(permission) && !administrators.includes(permission))).toEqual([]);
});
