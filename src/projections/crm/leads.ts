import { Lead, type LeadCard, type LeadStage } from '../../domain/crm/lead.ts';
import { field } from '../../kernel/field.ts';
import { listing, record } from '../../kernel/listing.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { instant, minorUnits, nullable, personal, table, text, texts } from '../../kernel/table.ts';
import { revised } from '../platform/event-history.ts';
import { containing } from '../search.ts';

export const leads = projection({
  name: 'leads',
  version: 1,
  versioned: true,
  table: table(
    'leads',
    'Interest that is not a deal yet',
    {
      name: personal(text('What the lead is called'), 'id'),
      company: nullable(text('Company that is interested')),
      contact_name: personal(nullable(text('Person to talk to')), 'id'),
      contact_email: personal(nullable(text('E-mail address of the person')), 'id'),
      contact_phone: personal(nullable(text('Telephone of the person')), 'id'),
      contact_position: personal(nullable(text('Position of the person')), 'id'),
      source: text('Where the lead came from'),
      channel: nullable(text('By which channel it came')),
      request_category: nullable(text('What is asked for')),
      description: personal(nullable(text('What is asked for, in words')), 'id'),
      value: nullable(minorUnits('What the deal may be worth')),
      value_currency: nullable(text('ISO 4217 code of the value')),
      tags: texts('Free tags'),
      owner_id: text('User who answers for it'),
      stage: text('NotProcessed, InterestExpressed, Paused, Disqualified or Deal'),
      stage_since: instant('When it came into this stage'),
      disqualified_reason: nullable(text('Why it was given up')),
      deal_id: nullable(text('Deal it was converted to')),
      account_id: nullable(text('Account of that deal')),
      contact_id: nullable(text('Contact made of the person')),
      captured_at: instant('When it was captured'),
    },
    { indexes: ['stage, stage_since', 'owner_id', 'captured_at, id'] },
  ),
  events: Lead.events,
  ownRows: { permission: 'crm:read', owner: 'owner_id' },
  on: {
    LeadCaptured: (_, { source, ownerId, ...card }, _key, meta) => ({
      ...cardColumns(card),
      ...inStage('NotProcessed', meta),
      source,
      owner_id: ownerId,
      disqualified_reason: null,
      deal_id: null,
      account_id: null,
      contact_id: null,
      captured_at: meta.occurredAt,
    }),
    LeadEdited: (row, card) => row && { ...row, ...cardColumns(card) },
    LeadAssigned: (row, { to }) => row && { ...row, owner_id: to },
    LeadStageChanged: (row, { to }, _key, meta) => row && { ...row, ...inStage(to, meta) },
    LeadDisqualified: (row, { reason }, _key, meta) => row && { ...row, ...inStage('Disqualified', meta), disqualified_reason: reason },
    LeadReopened: (row, _data, _key, meta) => row && { ...row, ...inStage('NotProcessed', meta), disqualified_reason: null },
    LeadConverted: (row, { dealId, accountId, contactId }, _key, meta) =>
      row && { ...row, ...inStage('Deal', meta), deal_id: dealId, account_id: accountId, contact_id: contactId ?? null },
  },
});

const inStage = (stage: LeadStage, { occurredAt }: ViewMeta) => ({ stage, stage_since: occurredAt });

function cardColumns({ contact, value, ...card }: LeadCard) {
  return {
    name: card.name,
    company: card.company ?? null,
    contact_name: contact?.name ?? null,
    contact_email: contact?.email ?? null,
    contact_phone: contact?.phone ?? null,
    contact_position: contact?.position ?? null,
    channel: card.channel ?? null,
    request_category: card.requestCategory ?? null,
    description: card.description ?? null,
    value: value?.minor ?? null,
    value_currency: value?.currency ?? null,
    tags: card.tags,
  };
}

const source = {
  permission: 'crm:read',
  reads: [leads],
  from: 'leads l',
  key: 'l.id',
  fields: {
    id: field.text('l.id'),
    name: field.text('l.name'),
    company: field.maybe(field.text('l.company')),
    contactName: field.maybe(field.text('l.contact_name')),
    contactEmail: field.maybe(field.text('l.contact_email')),
    contactPhone: field.maybe(field.text('l.contact_phone')),
    contactPosition: field.maybe(field.text('l.contact_position')),
    source: field.text('l.source'),
    channel: field.maybe(field.text('l.channel')),
    requestCategory: field.maybe(field.text('l.request_category')),
    description: field.maybe(field.text('l.description')),
    value: field.maybe(field.money('l.value', 'l.value_currency')),
    tags: field.texts('l.tags'),
    ownerId: field.text('l.owner_id'),
    stage: field.text('l.stage'),
    stageSince: field.instant('l.stage_since'),
    disqualifiedReason: field.maybe(field.text('l.disqualified_reason')),
    dealId: field.maybe(field.text('l.deal_id')),
    accountId: field.maybe(field.text('l.account_id')),
    contactId: field.maybe(field.text('l.contact_id')),
    capturedAt: field.instant('l.captured_at'),
  },
} as const;

export const listLeads = listing({
  ...source,
  type: 'ListLeads',
  summary: 'Leads, newest first; `filter[search]` looks in name, company and person.',
  route: 'GET /leads',
  filters: {
    search: containing('l.name', 'l.company', 'l.contact_name', 'l.contact_email'),
    stage: 'l.stage = ?',
    owner: 'l.owner_id = ?',
    source: 'l.source = ?',
    channel: 'l.channel = ?',
    requestCategory: 'l.request_category = ?',
    tag: '? = any(l.tags)',
    account: 'l.account_id = ?',
  },
  sorts: { newest: { sql: 'l.captured_at', descending: true }, waiting: { sql: 'l.stage_since' }, name: { sql: 'l.name' } },
  usual: 'newest',
});

export const showLead = record({
  ...revised('lead', source),
  type: 'ShowLead',
  summary: 'One lead.',
  route: 'GET /leads/:id',
  noun: 'lead',
});
