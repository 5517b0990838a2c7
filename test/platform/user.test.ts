import { describe, test } from 'vitest';
import { uniqueKey } from '../../src/commands/platform/claim.ts';
import { defineRole, redefineRole } from '../../src/commands/platform/role.ts';
import { changeUserRoles, disableUser, enableUser, registerUser, renameUser } from '../../src/commands/platform/user.ts';
import { RoleDefined, RoleRedefined } from '../../src/domain/platform/role.ts';
import { UserDisabled, UserEnabled, UserRegistered, UserRenamed, UserRolesChanged } from '../../src/domain/platform/user.ts';
import { given } from '../kernel/scenario.ts';

const ana = UserRegistered({ email: 'ana@firm.ro', name: 'Ana', roles: ['finance'] });
const facts = { finance: ['billing:read'], warehouse: ['warehouse:read'], admin: ['*'] };

describe('a user', () => {
  test('is registered under an address that is held first', () => {
    const verdict = given().when(
      registerUser,
      { email: 'Ana@Firm.RO', name: ' Ana ', roles: ['finance', 'finance'] },
      { facts, entityId: 'U1' },
    );
    verdict.thenEvents(ana);
    verdict.thenHolds(uniqueKey('email', 'ana@firm.ro', 'U1'));
  });

  test('is registered once, however often it is asked', () =>
    given(ana)
      .when(registerUser, { email: 'ana@firm.ro', name: 'Ana', roles: ['finance'] }, { facts })
      .thenNothing());

  test('bears only roles that exist', () =>
    given()
      .when(registerUser, { email: 'ana@firm.ro', name: 'Ana', roles: ['nothing'] }, { facts })
      .thenRefuses('Validation'));

  test('is given no rights that the giver does not have', () => {
    const grants = ['platform:users', 'billing:read'];
    given()
      .when(registerUser, { email: 'x@firm.ro', name: 'X', roles: ['finance'] }, { facts, grants })
      .thenEvents(UserRegistered({ email: 'x@firm.ro', name: 'X', roles: ['finance'] }));
    given()
      .when(registerUser, { email: 'x@firm.ro', name: 'X', roles: ['warehouse'] }, { facts, grants })
      .thenRefuses('BeyondOwnRights');
    given(ana)
      .when(changeUserRoles, { id: 'U1', roles: ['admin'] }, { facts, grants })
      .thenRefuses('BeyondOwnRights');
    given(UserRegistered({ ...ana.data, roles: ['admin'] }))
      .when(disableUser, { id: 'U1', reason: 'x' }, { facts, grants })
      .thenRefuses('BeyondOwnRights');
  });

  test('changes roles, silently where they are the same in another order', () => {
    given(ana)
      .when(changeUserRoles, { id: 'U1', roles: ['warehouse', 'finance'] }, { facts })
      .thenEvents(UserRolesChanged({ roles: ['warehouse', 'finance'] }));
    given(ana, UserRolesChanged({ roles: ['warehouse', 'finance'] }))
      .when(changeUserRoles, { id: 'U1', roles: ['finance', 'warehouse'] }, { facts })
      .thenNothing();
  });

  test('neither changes their own roles nor disables themselves, so that one who may always stays', () => {
    given(ana).when(changeUserRoles, { id: 'U1', roles: [] }, { facts, actorId: 'U1' }).thenRefuses('OwnStanding');
    given(ana).when(disableUser, { id: 'U1', reason: 'tired' }, { facts, actorId: 'U1' }).thenRefuses('OwnStanding');
  });

  test('is disabled and enabled, each once', () => {
    const disabled = UserDisabled({ reason: 'left' });
    given(ana).when(disableUser, { id: 'U1', reason: 'left' }, { facts }).thenEvents(disabled);
    given(ana, disabled).when(disableUser, { id: 'U1', reason: 'left' }, { facts }).thenNothing();
    given(ana, disabled).when(enableUser, { id: 'U1' }, { facts }).thenEvents(UserEnabled({}));
    given(ana, disabled, UserEnabled({})).when(enableUser, { id: 'U1' }, { facts }).thenNothing();
  });

  test('is renamed, silently to the same name', () => {
    given(ana)
      .when(renameUser, { id: 'U1', name: 'Ana Pop' })
      .thenEvents(UserRenamed({ name: 'Ana Pop' }));
    given(ana).when(renameUser, { id: 'U1', name: 'Ana' }).thenNothing();
  });

  test('who does not exist is not changed', () => {
    given().when(renameUser, { id: 'U1', name: 'Ana' }).thenRefuses('NotFound');
    given().when(changeUserRoles, { id: 'U1', roles: [] }, { facts }).thenRefuses('NotFound');
    given().when(disableUser, { id: 'U1', reason: 'x' }, { facts }).thenRefuses('NotFound');
    given().when(enableUser, { id: 'U1' }, { facts }).thenRefuses('NotFound');
  });
});

describe('a role', () => {
  const reader = { role: 'reader', name: 'Reader', grants: ['crm:read:own'] };
  const defined = RoleDefined({ name: 'Reader', grants: ['crm:read:own'] });

  test('is defined once, and never in the place of a built-in one', () => {
    given().when(defineRole, reader).thenEvents(defined);
    given(defined).when(defineRole, reader).thenRefuses('Duplicate');
    given()
      .when(defineRole, { ...reader, role: 'admin' })
      .thenRefuses('Duplicate');
  });

  test('is redefined, silently to the same', () => {
    given(defined)
      .when(redefineRole, { ...reader, grants: ['crm:read'] })
      .thenEvents(RoleRedefined({ name: 'Reader', grants: ['crm:read'] }));
    given(defined).when(redefineRole, reader).thenNothing();
    given().when(redefineRole, reader).thenRefuses('NotFound');
    given()
      .when(redefineRole, { ...reader, role: 'admin' })
      .thenRefuses('BuiltInRole');
  });

  test('grants what its author has, and is not taken from who has more', () => {
    given()
      .when(defineRole, reader, { grants: ['platform:roles', 'crm:read'] })
      .thenEvents(defined);
    given()
      .when(defineRole, { ...reader, grants: ['crm:read'] }, { grants: ['platform:roles', 'crm:read:own'] })
      .thenRefuses('BeyondOwnRights');
    given(RoleDefined({ name: 'Reader', grants: ['*'] }))
      .when(redefineRole, { ...reader, grants: [] }, { grants: ['platform:roles'] })
      .thenRefuses('BeyondOwnRights');
  });
});
