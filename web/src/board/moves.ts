/** Moving a card: shown at once, taken back in place when the house says no, with the house's own sentence. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { filled, post, Refused } from '../api/client.ts';
import { cache, useNouns } from '../api/queries.ts';
import { usePast } from '../ui/past.tsx';
import type { Card, CardColumn, Destination } from './board.tsx';

export interface Asking {
  readonly kind: 'form' | 'needs';
  readonly card: Card;
  /** What the stage is called. */
  readonly label: string;
  readonly to: Destination;
  /** The fields a stage demands, by pointer, with what it says of each. */
  readonly faults: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface Moves {
  /** The columns as they look while moves are on their way. */
  readonly columns: readonly CardColumn[];
  readonly asking: Asking | undefined;
  readonly refusal: unknown;
  move(card: Card, from: string, stage: string): void;
  /** Closes what is being asked; the card stays where it was. */
  leave(): void;
}

interface Surroundings {
  readonly noun: string;
  readonly columns: readonly CardColumn[];
  readonly to: (stage: string) => Destination;
  readonly announce: (sentence: string) => void;
}

export function useMoves({ noun, columns, to, announce }: Surroundings): Moves {
  const { t } = useTranslation();
  const commands = useNouns().find(entry => entry.noun === noun)?.commands ?? [];
  const [asking, ask] = useState<Asking>();
  const [refusal, refuse] = useState<unknown>();
  /** Where cards are shown that are on their way, by id. */
  const [going, go] = useState<ReadonlyMap<string, string>>(new Map());

  const labelOf = (stage: string): string => columns.find(column => column.stage === stage)?.label ?? stage;

  const arrived = async (id: string): Promise<void> => {
    await cache.invalidateQueries({ queryKey: [`/boards/${noun}`] });
    go(now => new Map([...now].filter(([other]) => other !== id)));
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-card="${id}"] a`)?.focus());
  };

  const stays = (card: Card, from: string, stage: string, error: unknown): void => {
    const errors = error instanceof Refused ? (error.problem.errors ?? []) : [];
    if (errors.length > 0) ask({ kind: 'needs', card, label: labelOf(stage), to: to(stage), faults: errors });
    else refuse(error);
    const why = error instanceof Refused ? error.problem.detail : t('offline');
    announce(t('board.stays', { name: card.name, stage: labelOf(from), why }));
  };

  const asOf = usePast();
  const move = async (card: Card, from: string, stage: string): Promise<void> => {
    refuse(undefined);
    if (asOf !== undefined) return announce(t('record.readOnly'));
    const destination = to(stage);
    if (destination.asks) return ask({ kind: 'form', card, label: labelOf(stage), to: destination, faults: [] });
    const path = commands.find(({ type }) => type === destination.command)?.path;
    if (path === undefined) return;
    go(now => new Map(now).set(card.id, stage));
    try {
      await post(filled(path, { id: card.id }), destination.body);
      announce(t('board.dropped', { name: card.name, stage: labelOf(stage) }));
    } catch (error) {
      stays(card, from, stage, error);
    }
    await arrived(card.id);
  };

  return {
    columns: shownColumns(columns, going),
    asking,
    refusal,
    move: (card, from, stage) => void (from !== stage && move(card, from, stage)),
    leave: () => ask(undefined),
  };
}

/** Cards on their way stand first where they go; counts follow, sums wait for the house. */
function shownColumns(columns: readonly CardColumn[], going: ReadonlyMap<string, string>): readonly CardColumn[] {
  if (going.size === 0) return columns;
  const all = columns.flatMap(({ stage, cards }) => cards.map(card => ({ card, stage })));
  const moved = all.filter(({ card, stage }) => going.has(card.id) && going.get(card.id) !== stage);
  return columns.map(column => {
    const coming = moved.filter(({ card }) => going.get(card.id) === column.stage).map(({ card }) => card);
    const leaving = new Set(moved.filter(({ stage }) => stage === column.stage).map(({ card }) => card.id));
    return {
      ...column,
      count: column.count + coming.length - leaving.size,
      cards: [...coming, ...column.cards.filter(({ id }) => !leaving.has(id))],
    };
  });
}
