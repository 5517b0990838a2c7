import {
  approveOverride,
  escalateOverride,
  expireOverride,
  giveBackOverride,
  rejectOverride,
  requestOverride,
  settleOverride,
  useOverride,
  withdrawOverride,
} from '../commands/platform/approval.ts';
import { giveBackClaim, releaseClaim, takeBackClaim, takeClaim } from '../commands/platform/claim.ts';
import { changeCompanySettings } from '../commands/platform/company-settings.ts';
import { giveUpEffect, replayEffect } from '../commands/platform/effect.ts';
import { closePeriod, reopenPeriod } from '../commands/platform/period.ts';
import { abandonProcess, adoptProcess, retryProcess } from '../commands/platform/processes.ts';
import { defineRole, redefineRole } from '../commands/platform/role.ts';
import { changeUserRoles, disableUser, enableUser, lapseUserHold, registerUser, renameUser } from '../commands/platform/user.ts';
import {
  changeWebhookEndpoint,
  disableWebhookEndpoint,
  enableWebhookEndpoint,
  registerWebhookEndpoint,
  rotateWebhookSecret,
} from '../commands/platform/webhook-endpoint.ts';
import { escalatedLetter } from '../effects/platform/escalated-letter.ts';
import { parkedLetter, parkedNotice } from '../effects/platform/parked-letter.ts';
import { webhookMessage, webhooks } from '../effects/platform/webhook-message.ts';
import { module } from '../kernel/module.ts';
import { approvals, listApprovals, showApproval } from '../projections/platform/approvals.ts';
import { colleagues, listColleagues } from '../projections/platform/colleagues.ts';
import { companyInUse } from '../projections/platform/company-in-use.ts';
import { companySettings, companySettingsView } from '../projections/platform/company-settings.ts';
import { effects, effectTries, listEffects, listWebhookDeliveries, showEffect } from '../projections/platform/effects.ts';
import { commandDone, eventHistory, listEvents, showRecordHistory, showThread } from '../projections/platform/event-history.ts';
import { closedPeriods, periods } from '../projections/platform/periods.ts';
import { listProcesses, processes, showProcess, standingOfProcess } from '../projections/platform/processes.ts';
import { grantsOfRoles, listRoles, roles } from '../projections/platform/roles.ts';
import { findPerson, listUsers, showUser, users } from '../projections/platform/users.ts';
import {
  countWebhookEndpoints,
  listWebhookEndpoints,
  showWebhookEndpoint,
  showWebhookSecret,
  webhookEndpoints,
  webhookTarget,
} from '../projections/platform/webhook-endpoints.ts';
import { claimHolds } from '../sagas/platform/claim-holds.ts';
import { overrideCourse } from '../sagas/platform/override-course.ts';

export const platform = module({
  name: 'platform',
  commands: [
    takeClaim,
    releaseClaim,
    giveBackClaim,
    takeBackClaim,
    registerUser,
    renameUser,
    changeUserRoles,
    disableUser,
    enableUser,
    lapseUserHold,
    defineRole,
    redefineRole,
    changeCompanySettings,
    closePeriod,
    reopenPeriod,
    retryProcess,
    abandonProcess,
    adoptProcess,
    giveUpEffect,
    replayEffect,
    requestOverride,
    approveOverride,
    rejectOverride,
    withdrawOverride,
    escalateOverride,
    expireOverride,
    useOverride,
    giveBackOverride,
    settleOverride,
    registerWebhookEndpoint,
    changeWebhookEndpoint,
    disableWebhookEndpoint,
    enableWebhookEndpoint,
    rotateWebhookSecret,
  ],
  projections: [
    approvals,
    users,
    colleagues,
    roles,
    eventHistory,
    processes,
    effects,
    effectTries,
    webhookEndpoints,
    companySettingsView,
    periods,
  ],
  queries: [
    listUsers,
    showUser,
    listColleagues,
    findPerson,
    listRoles,
    grantsOfRoles,
    listEvents,
    showRecordHistory,
    showThread,
    commandDone,
    listApprovals,
    showApproval,
    listProcesses,
    showProcess,
    standingOfProcess,
    listEffects,
    showEffect,
    listWebhookDeliveries,
    listWebhookEndpoints,
    showWebhookEndpoint,
    countWebhookEndpoints,
    showWebhookSecret,
    webhookTarget,
    companySettings,
    companyInUse,
    closedPeriods,
  ],
  sagas: [claimHolds, overrideCourse],
  effects: [webhookMessage, parkedLetter, escalatedLetter],
  reactions: [webhooks, parkedNotice],
});
