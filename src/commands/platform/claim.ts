import { Claim, ClaimStream, claimId, release, take } from '../../domain/platform/claim.ts';
import { command, type Hold } from '../../kernel/command.ts';

const onClaim = { permission: 'platform:claims', input: Claim, decider: ClaimStream, entityId: claimId } as const;

export const takeClaim = command({
  ...onClaim,
  type: 'TakeClaim',
  summary: 'Secures a key for one record; refused as Duplicate while another record holds it.',
  decide: take,
});

export const releaseClaim = command({
  ...onClaim,
  type: 'ReleaseClaim',
  summary: 'Gives a key back; silent when the record does not hold it.',
  decide: release,
});

/** The hold that makes a key unique in the house, e.g. `uniqueKey('sku', sku, entityId)`. Keys are compared without case and idle space. */
export const uniqueKey = (kind: string, key: string, holder: string): Hold => ({
  take: takeClaim({ kind, key, holder }),
  release: releaseClaim({ kind, key, holder }),
});
