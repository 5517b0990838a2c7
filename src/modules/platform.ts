import { releaseClaim, takeClaim } from '../commands/platform/claim.ts';
import { abandonProcess, adoptProcess, retryProcess } from '../commands/platform/processes.ts';
import { defineRole, redefineRole } from '../commands/platform/role.ts';
import { changeUserRoles, disableUser, enableUser, registerUser, renameUser } from '../commands/platform/user.ts';
import { module } from '../kernel/module.ts';
import { eventHistory, listEvents, showRecordHistory, showThread } from '../projections/platform/event-history.ts';
import { listProcesses, processes, showProcess, standingOfProcess } from '../projections/platform/processes.ts';
import { grantsOfRoles, listRoles, roles } from '../projections/platform/roles.ts';
import { findPerson, listUsers, showUser, users } from '../projections/platform/users.ts';

export const platform = module({
  name: 'platform',
  commands: [
    takeClaim,
    releaseClaim,
    registerUser,
    renameUser,
    changeUserRoles,
    disableUser,
    enableUser,
    defineRole,
    redefineRole,
    retryProcess,
    abandonProcess,
    adoptProcess,
  ],
  projections: [users, roles, eventHistory, processes],
  queries: [
    listUsers,
    showUser,
    findPerson,
    listRoles,
    grantsOfRoles,
    listEvents,
    showRecordHistory,
    showThread,
    listProcesses,
    showProcess,
    standingOfProcess,
  ],
  sagas: [],
});
