import { z } from 'zod';
import { ApprovalStream } from '../../domain/platform/approval.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { flag, instant, integer, json, nullable, table, text } from '../../kernel/table.ts';
import { revised } from './event-history.ts';
import { users } from './users.ts';

const Evidence = z.array(z.strictObject({ description: z.string(), link: z.string().optional() }));

export const approvals = projection({
  name: 'approvals',
  version: 1,
  versioned: true,
  table: table(
    'approvals',
    'Approvals of what a rule of the house forbids: asked for, decided, used',
    {
      status: text('Pending, Approved, Rejected, Withdrawn, Used or Expired'),
      rule: text('Rule to be set aside'),
      command: text('Command it is for'),
      record_category: text('Kind of record it is for'),
      record_id: text('Record it is for'),
      record_revision: integer('Revision of the record it is good for'),
      terms: text('What is let pass'),
      reason: text('Why it was asked for'),
      evidence: json<z.output<typeof Evidence>>('What speaks for it: description and link'),
      requested_by: text('User who asked for it, and alone may use it'),
      requested_at: instant('When it was asked for'),
      escalated: flag('Whether nobody decided in time'),
      decided_by: nullable(text('User who approved or rejected it')),
      decided_at: nullable(instant('When it was approved or rejected')),
      decision: nullable(text('Note of who approved, or reason of who rejected')),
      expires_at: nullable(instant('Until when it is good')),
      used_at: nullable(instant('When it was used')),
    },
    { indexes: ['requested_at, id', 'status, requested_at', 'record_id', 'requested_by'] },
  ),
  events: ApprovalStream.events,
  ownRows: { permission: 'platform:approvals', owner: 'requested_by' },
  on: {
    OverrideRequested: (_, { rule, command, record: about, revision, terms, reason, evidence, requestedBy }, _key, { occurredAt }) => ({
      status: 'Pending',
      rule,
      command,
      record_category: about.category,
      record_id: about.id,
      record_revision: revision,
      terms,
      reason,
      evidence,
      requested_by: requestedBy,
      requested_at: occurredAt,
      escalated: false,
      decided_by: null,
      decided_at: null,
      decision: null,
      expires_at: null,
      used_at: null,
    }),
    OverrideApproved: (row, { note, expiresAt }, _key, { actor, occurredAt }) =>
      row && { ...row, status: 'Approved', ...decided(actor.id, occurredAt, note), expires_at: expiresAt },
    OverrideRejected: (row, { reason }, _key, { actor, occurredAt }) =>
      row && { ...row, status: 'Rejected', ...decided(actor.id, occurredAt, reason) },
    OverrideWithdrawn: row => row && { ...row, status: 'Withdrawn' },
    OverrideEscalated: row => row && { ...row, escalated: true },
    OverrideUsed: (row, _data, _key, { occurredAt }) => row && { ...row, status: 'Used', used_at: occurredAt },
    OverrideGivenBack: row => row && { ...row, status: 'Approved', used_at: null },
    OverrideExpired: row => row && { ...row, status: 'Expired' },
  },
});

const decided = (by: string, at: string, words: string | undefined) => ({ decided_by: by, decided_at: at, decision: words ?? null });

const source = {
  permission: 'platform:approvals',
  reads: [approvals, users],
  from: 'approvals a left join users r on r.id = a.requested_by left join users d on d.id = a.decided_by',
  key: 'a.id',
  fields: {
    id: field.text('a.id'),
    status: field.text('a.status'),
    rule: field.text('a.rule'),
    command: field.text('a.command'),
    record: field.json(
      "json_build_object('category', a.record_category, 'id', a.record_id)",
      z.strictObject({ category: z.string(), id: z.string() }),
    ),
    recordRevision: field.integer('a.record_revision'),
    terms: field.text('a.terms'),
    reason: field.text('a.reason'),
    evidence: field.json('a.evidence', Evidence),
    requestedBy: field.text('a.requested_by'),
    requestedByName: field.maybe(field.text('r.name')),
    requestedAt: field.instant('a.requested_at'),
    escalated: field.flag('a.escalated'),
    decidedBy: field.maybe(field.text('a.decided_by')),
    decidedByName: field.maybe(field.text('d.name')),
    decidedAt: field.maybe(field.instant('a.decided_at')),
    decision: field.maybe(field.text('a.decision')),
    expiresAt: field.maybe(field.instant('a.expires_at')),
    usedAt: field.maybe(field.instant('a.used_at')),
  },
} as const;

export const listApprovals = listing({
  ...source,
  type: 'ListApprovals',
  summary: 'Approvals, newest first: those one asked for, or all for who may see all.',
  route: 'GET /approvals',
  filters: {
    status: 'a.status = ?',
    rule: 'a.rule = ?',
    record: 'a.record_id = ?',
    requestedBy: 'a.requested_by = ?',
    escalated: byFlag('a.escalated'),
  },
  sorts: { newest: { sql: 'a.requested_at', descending: true }, oldest: { sql: 'a.requested_at' } },
  usual: 'newest',
});

export const showApproval = record({
  ...revised('approval', source),
  type: 'ShowApproval',
  summary: 'One approval.',
  route: 'GET /approvals/:id',
  noun: 'approval',
});
