import {
  activateAccount,
  assignAccount,
  blockAccount,
  createAccount,
  createAccountFromLead,
  editAccount,
  lapseAccountHold,
  unblockAccount,
} from '../commands/crm/account.ts';
import { absorbAccount, mergeAccount, restoreAccount, unmergeAccount } from '../commands/crm/account-merge.ts';
import { agreePriceList, endPriceList } from '../commands/crm/account-prices.ts';
import { addContact, addContactFromLead, assignContact, editContact } from '../commands/crm/contact.ts';
import {
  addDealObserver,
  assignDeal,
  changeDealPipeline,
  changeDealStage,
  editDeal,
  loseDeal,
  openDeal,
  openDealFromLead,
  relocateDeal,
  removeDealObserver,
  reopenDeal,
  winDeal,
  winDealByPayment,
} from '../commands/crm/deal.ts';
import { mergeDeal, splitOffDeal, takeInDeal, undoDealMerge, withdrawDealMerge } from '../commands/crm/deal-merge.ts';
import { addDealLine, orderDeal, removeDealLine, undoDealOrder } from '../commands/crm/deal-order.ts';
import { detectDuplicate, dismissDuplicate, partDuplicate, settleDuplicate } from '../commands/crm/duplicate-case.ts';
import { handOverAccount, handOverContact, handOverDeal, handOverLead, orderHandover } from '../commands/crm/handover.ts';
import { assignLead, captureLead, changeLeadStage, convertLead, disqualifyLead, editLead, reopenLead } from '../commands/crm/lead.ts';
import { erasePerson } from '../commands/crm/person.ts';
import {
  activatePipeline,
  addPipelineStage,
  archivePipeline,
  draftPipeline,
  editPipelineStage,
  finishStageRemoval,
  orderPipelineStages,
  removePipelineStage,
  renamePipeline,
} from '../commands/crm/pipeline.ts';
import { setSalesTarget } from '../commands/crm/sales-target.ts';
import { module } from '../kernel/module.ts';
import { account360 } from '../projections/crm/account-360.ts';
import { survivorForMerge } from '../projections/crm/account-merging.ts';
import { accountPriceLists, listAccountPriceLists } from '../projections/crm/account-price-lists.ts';
import { accountSurvivors } from '../projections/crm/account-survivors.ts';
import { accountForOrder, accounts, buyerOf, listAccounts, showAccount } from '../projections/crm/accounts.ts';
import { showDealBoard, showLeadBoard } from '../projections/crm/boards.ts';
import { completenessRecords, completenessReport } from '../projections/crm/completeness-report.ts';
import { contactOwner, contacts, listContacts, showContact } from '../projections/crm/contacts.ts';
import { coverageRecords, coverageReport } from '../projections/crm/coverage-report.ts';
import { dealMerges, showMergedDeals } from '../projections/crm/deal-merges.ts';
import { dealStays } from '../projections/crm/deal-stays.ts';
import { dealForMerge, dealLines, deals, dealsInStage, listDeals, showDeal } from '../projections/crm/deals.ts';
import { duplicateCases, listDuplicateCases, showDuplicateCase } from '../projections/crm/duplicate-cases.ts';
import { unknownRecords } from '../projections/crm/handovers.ts';
import { leads, listLeads, showLead } from '../projections/crm/leads.ts';
import { letterReader } from '../projections/crm/letter-reader.ts';
import { likenessCandidates, partyKeys } from '../projections/crm/party-keys.ts';
import { erasures, knownPerson, listErasures } from '../projections/crm/persons.ts';
import { listPipelines, pipelineForDeals, pipelineStages, pipelines, showPipeline } from '../projections/crm/pipelines.ts';
import { forecast, outcomes, salesDifference, salesRecords, salesReport } from '../projections/crm/sales-report.ts';
import { listSalesTargets, salesTargets } from '../projections/crm/sales-targets.ts';
import { stageRecords, stageReport } from '../projections/crm/stage-report.ts';
import { accountActivation } from '../sagas/crm/account-activation.ts';
import { accountMerging } from '../sagas/crm/account-merging.ts';
import { dealMerge } from '../sagas/crm/deal-merge.ts';
import { dealOrder } from '../sagas/crm/deal-order.ts';
import { duplicateDetection } from '../sagas/crm/duplicate-detection.ts';
import { handoverCourse } from '../sagas/crm/handover-course.ts';
import { leadConversion } from '../sagas/crm/lead-conversion.ts';
import { stageRemoval } from '../sagas/crm/stage-removal.ts';

export const crm = module({
  name: 'crm',
  commands: [
    captureLead,
    editLead,
    assignLead,
    changeLeadStage,
    disqualifyLead,
    reopenLead,
    convertLead,
    createAccount,
    createAccountFromLead,
    editAccount,
    assignAccount,
    activateAccount,
    blockAccount,
    unblockAccount,
    agreePriceList,
    endPriceList,
    lapseAccountHold,
    addContact,
    addContactFromLead,
    editContact,
    assignContact,
    openDeal,
    openDealFromLead,
    editDeal,
    assignDeal,
    addDealObserver,
    removeDealObserver,
    changeDealStage,
    changeDealPipeline,
    relocateDeal,
    winDeal,
    winDealByPayment,
    loseDeal,
    reopenDeal,
    mergeDeal,
    takeInDeal,
    undoDealMerge,
    withdrawDealMerge,
    splitOffDeal,
    addDealLine,
    removeDealLine,
    orderDeal,
    undoDealOrder,
    orderHandover,
    handOverLead,
    handOverAccount,
    handOverContact,
    handOverDeal,
    draftPipeline,
    renamePipeline,
    activatePipeline,
    archivePipeline,
    addPipelineStage,
    editPipelineStage,
    orderPipelineStages,
    removePipelineStage,
    finishStageRemoval,
    erasePerson,
    setSalesTarget,
    mergeAccount,
    absorbAccount,
    unmergeAccount,
    restoreAccount,
    detectDuplicate,
    dismissDuplicate,
    settleDuplicate,
    partDuplicate,
  ],
  projections: [
    accountPriceLists,
    leads,
    accounts,
    accountSurvivors,
    contacts,
    pipelines,
    pipelineStages,
    deals,
    dealLines,
    dealMerges,
    dealStays,
    erasures,
    salesTargets,
    partyKeys,
    duplicateCases,
  ],
  queries: [
    listAccountPriceLists,
    listLeads,
    showLead,
    listAccounts,
    showAccount,
    accountForOrder,
    buyerOf,
    account360,
    listContacts,
    showContact,
    contactOwner,
    letterReader,
    listDeals,
    showDeal,
    dealsInStage,
    dealForMerge,
    showMergedDeals,
    unknownRecords,
    listPipelines,
    showPipeline,
    pipelineForDeals,
    showLeadBoard,
    showDealBoard,
    salesReport,
    salesRecords,
    salesDifference,
    stageReport,
    stageRecords,
    coverageReport,
    coverageRecords,
    completenessReport,
    completenessRecords,
    forecast,
    outcomes,
    listSalesTargets,
    listErasures,
    knownPerson,
    likenessCandidates,
    survivorForMerge,
    listDuplicateCases,
    showDuplicateCase,
  ],
  sagas: [accountMerging, leadConversion, dealOrder, accountActivation, stageRemoval, handoverCourse, dealMerge, duplicateDetection],
});
