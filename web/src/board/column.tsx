import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { ActionIcon, Menu } from '@mantine/core';
import { IconClockExclamation, IconDots } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { count, money, percent, sums } from '../ui/format.ts';
import { Age, Owner } from '../ui/parts.tsx';
import css from './board.module.css';
import type { Card, CardColumn } from './board.tsx';
import type { Moves } from './moves.ts';

interface ColumnProps {
  readonly noun: string;
  readonly column: CardColumn;
  readonly columns: readonly CardColumn[];
  readonly moves: Moves;
  readonly foreign: ReadonlySet<string>;
  readonly announce: (sentence: string) => void;
}

export function BoardColumn({ noun, column, columns, moves, foreign, announce }: ColumnProps) {
  const { t } = useTranslation();
  const place = useRef<HTMLElement>(null);
  const [isOver, setOver] = useState(false);
  const { stage, cards } = column;
  const { move } = moves;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    return dropTargetForElements({
      element,
      onDragEnter: () => setOver(true),
      onDragLeave: () => setOver(false),
      onDrop: ({ source }) => {
        setOver(false);
        const { card, from } = source.data as unknown as { readonly card: Card; readonly from: string };
        move(card, from, stage);
      },
    });
  }, [stage, move]);
  return (
    <section
      ref={place}
      className={css.column}
      data-over={isOver}
      data-stage={stage}
      aria-label={`${column.label}, ${count(column.count)}`}
    >
      <header className={css.columnHead}>
        <h2>{column.label}</h2>
        <span>{count(column.count)}</span>
        {column.percent !== undefined && <span className={css.percent}>{percent(column.percent)}</span>}
        <p>
          <b>{sums(column.sums, { cents: false })}</b>{' '}
          {column.weightedSums !== undefined && column.weightedSums.length > 0 && (
            <>
              {t('board.weighted')} {sums(column.weightedSums, { cents: false })}
            </>
          )}
        </p>
      </header>
      <ul className={css.cards}>
        {cards.map(card => (
          <BoardCard
            key={card.id}
            noun={noun}
            card={card}
            stage={stage}
            columns={columns}
            move={move}
            isForeign={foreign.has(card.id)}
            announce={announce}
          />
        ))}
        {column.count > cards.length && (
          <li className={css.rest}>
            <Link to="/$noun" params={{ noun }} search={{ 'filter[stage]': stage }}>
              {t('board.more', { count: column.count })}
            </Link>
          </li>
        )}
        {cards.length === 0 && <li className={css.rest}>{t('board.empty')}</li>}
      </ul>
    </section>
  );
}

interface CardProps {
  readonly noun: string;
  readonly card: Card;
  readonly stage: string;
  readonly columns: readonly CardColumn[];
  readonly move: Moves['move'];
  readonly isForeign: boolean;
  readonly announce: (sentence: string) => void;
}

function BoardCard({ noun, card, stage, columns, move, isForeign, announce }: CardProps) {
  const { t } = useTranslation();
  const place = useRef<HTMLLIElement>(null);
  const [isDragged, setDragged] = useState(false);
  const keys = useKeys({ card, stage, columns, move, announce });
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    return draggable({
      element,
      getInitialData: () => ({ card, from: stage }),
      onDragStart: () => setDragged(true),
      onDrop: () => setDragged(false),
    });
  }, [card, stage]);
  return (
    <li ref={place} className={css.card} data-card={card.id} data-dragged={isDragged} data-held={keys.isHeld} data-foreign={isForeign}>
      <div className={css.cardTop}>
        <Link to="/$noun/$id" params={{ noun, id: card.id }} className={css.name} onKeyDown={keys.press} draggable={false}>
          {card.name}
        </Link>
        {card.amount !== null && <b>{money(card.amount, { cents: false })}</b>}
      </div>
      <p className={css.about}>{card.about}</p>
      <div className={css.cardFoot}>
        <Menu position="bottom-start" width={220} opened={keys.isChoosing} onChange={keys.choose}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={24} aria-label={`${t('board.moveTo')} ${card.name}`}>
              <IconDots size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t('board.moveTo')}</Menu.Label>
            {columns
              .filter(other => other.stage !== stage)
              .map(other => (
                <Menu.Item key={other.stage} onClick={() => move(card, stage, other.stage)}>
                  {other.label}
                </Menu.Item>
              ))}
          </Menu.Dropdown>
        </Menu>
        <span className={css.age} data-rotting={card.rotting === true}>
          {card.rotting === true && <IconClockExclamation size={14} role="img" aria-label={t('board.rotting')} />}
          <Age since={card.stageSince} />
        </span>
        <Owner id={card.ownerId} />
      </div>
    </li>
  );
}

interface Keys {
  readonly isHeld: boolean;
  readonly isChoosing: boolean;
  choose(open: boolean): void;
  press(event: KeyboardEvent): void;
}

/** Space picks up and drops, the arrow keys choose the stage meanwhile or go from card to card, Escape puts back, M opens the menu. */
function useKeys({ card, stage, columns, move, announce }: Pick<CardProps, 'card' | 'stage' | 'columns' | 'move' | 'announce'>): Keys {
  const { t } = useTranslation();
  const [over, setOver] = useState<number>();
  const [isChoosing, choose] = useState(false);
  const at = columns.findIndex(column => column.stage === stage);
  const held = (key: string, target: number): boolean => {
    if (key === 'ArrowRight' || key === 'ArrowLeft') {
      const next = Math.min(Math.max(target + (key === 'ArrowRight' ? 1 : -1), 0), columns.length - 1);
      setOver(next);
      announce(t('board.over', { stage: columns[next]?.label ?? '' }));
    } else if (key === ' ') {
      setOver(undefined);
      move(card, stage, columns[target]?.stage ?? stage);
    } else if (key === 'Escape') {
      setOver(undefined);
      announce(t('board.back', { name: card.name, stage: columns[at]?.label ?? stage }));
    } else return false;
    return true;
  };
  const free = (key: string, from: HTMLElement): boolean => {
    if (key === ' ') {
      setOver(at);
      announce(t('board.pickedUp', { name: card.name }));
    } else if (key === 'm') choose(true);
    else return step(key, from);
    return true;
  };
  return {
    isHeld: over !== undefined,
    isChoosing,
    choose,
    press: event => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const isOurs = over === undefined ? free(event.key, event.currentTarget as HTMLElement) : held(event.key, over);
      if (isOurs) event.preventDefault();
    },
  };
}

/** Moves the focus to the next card in that direction. */
function step(key: string, from: HTMLElement): boolean {
  const card = from.closest('[data-card]');
  const column = from.closest('[data-stage]');
  const beside = (sibling: Element | null | undefined): boolean => {
    const link = sibling?.querySelector<HTMLElement>('a');
    link?.focus();
    return true;
  };
  if (key === 'ArrowDown') return beside(card?.nextElementSibling);
  if (key === 'ArrowUp') return beside(card?.previousElementSibling);
  if (key === 'ArrowRight') return beside(column?.nextElementSibling?.querySelector('[data-card]'));
  if (key === 'ArrowLeft') return beside(column?.previousElementSibling?.querySelector('[data-card]'));
  return false;
}
