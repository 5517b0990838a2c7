import { z } from 'zod';
import { EffectStream, giveUp, replay } from '../../domain/platform/effect.ts';
import { Id, Reason } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';

const onEffect = { permission: 'platform:effects', decider: EffectStream, entityId: byId } as const;

const BECAUSE_MAX = 2_000;

export const giveUpEffect = command({
  ...onEffect,
  type: 'GiveUpEffect',
  summary: 'Records that something to be done outside the house was tried in vain; asked by the outbox alone.',
  input: z.strictObject({
    id: Id,
    effect: z.string(),
    destination: z.string(),
    tries: z.int(),
    round: z.int(),
    because: z.string().max(BECAUSE_MAX),
  }),
  decide: (state, { id: _, ...fact }) => giveUp(state, fact),
});

export const replayEffect = command({
  ...onEffect,
  type: 'ReplayEffect',
  summary: 'Tries an effect again that was given up; the note says why it should succeed now. Receivers see the same id as before.',
  route: 'POST /effects/:id/replay',
  input: z.strictObject({ id: Id, note: Reason }),
  decide: replay,
});
