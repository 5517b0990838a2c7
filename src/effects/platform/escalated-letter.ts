import { z } from 'zod';
import { refuse } from '../../kernel/decider.ts';
import { effect, mail } from '../../kernel/effect.ts';
import { showApproval } from '../../projections/platform/approvals.ts';
import { readersOf } from './readers.ts';

/** Tells directors and administrators that an approval was asked for and nobody decided in time. */
export const escalatedLetter = effect({
  type: 'EscalatedLetter',
  channel: mail,
  payload: z.strictObject({ approvalId: z.string() }),
  destination: () => 'mail',
  compose: async ({ approvalId }, { ask }) => {
    const { status, terms, command, record, reason, requestedAt } = await ask(showApproval, { id: approvalId });
    if (status !== 'Pending') return refuse('Outdated', 'It is decided.');
    const to = [...new Set([...(await readersOf('commercial-director', ask)), ...(await readersOf('admin', ask))])];
    if (to.length === 0) return refuse('NoAddress', 'Nobody who may decide has an address that mail can reach.');
    const asked = `${terms}, for ${command} on ${record.category} ${record.id}; asked for at ${requestedAt}.`;
    return {
      to,
      subject: 'An approval waits to be decided',
      text: [asked, `Reason: ${reason}`, '', `See GET /api/v1/approvals/${approvalId}; whoever did not ask for it may decide.`].join('\n'),
    };
  },
});
