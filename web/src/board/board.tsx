/** A board: stages as columns, records as cards; a card moves by mouse, by keys or by its menu, all by the same command. */
import { Button, SegmentedControl } from '@mantine/core';
import { IconLayoutList, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { onChange } from '../api/live.ts';
import { me, useNouns } from '../api/queries.ts';
import type { Money, Operation } from '../api/shapes.ts';
import type { Search } from '../app.tsx';
import { CommandDrawer } from '../generic/command-drawer.tsx';
import screens from '../screens/screens.module.css';
import { words } from '../ui/format.ts';
import { Note } from '../ui/parts.tsx';
import { PastButton, PastRibbon, usePast } from '../ui/past.tsx';
import css from './board.module.css';
import { BoardColumn } from './column.tsx';
import { useMoves } from './moves.ts';
import { NeedsDrawer } from './needs.tsx';

export interface Card {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly amount: Money | null;
  readonly ownerId: string;
  readonly stageSince: string;
  /** It is in its stage for longer than it should be; null where nobody counts. */
  readonly rotting: boolean | null;
}

export interface CardColumn {
  readonly stage: string;
  /** What people call it. */
  readonly label: string;
  readonly count: number;
  readonly sums: readonly Money[];
  readonly percent?: number;
  readonly weightedSums?: readonly Money[];
  readonly cards: readonly Card[];
}

/** The command that brings a card into a stage. */
export interface Destination {
  readonly command: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** It cannot be given without more, so its form comes first. */
  readonly asks: boolean;
}

interface BoardProps {
  readonly noun: string;
  readonly category: string;
  /** The command that fills in what a stage demands. */
  readonly edit: string;
  readonly columns: readonly CardColumn[];
  readonly to: (stage: string) => Destination;
  /** What stands in the head beside the name, such as the choice of a pipeline. */
  readonly beside?: ReactNode;
}

export function Board({ noun, category, edit, columns, to, beside }: BoardProps) {
  const { t } = useTranslation();
  const [said, announce] = useState('');
  const moves = useMoves({ noun, to, announce, columns });
  const commands = useNouns().find(entry => entry.noun === noun)?.commands ?? [];
  const commandOf = (type: string): Operation | undefined => commands.find(command => command.type === type);
  const foreign = useForeign(category);
  const { asking } = moves;
  const destination = asking && commandOf(asking.to.command);
  return (
    <>
      <Head noun={noun} beside={beside} />
      <PastRibbon />
      <div className={css.refusal}>
        <Note error={moves.refusal} />
      </div>
      <p className="visually-hidden" aria-live="polite" role="status">
        {said}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section tabIndex={0} className={css.board} aria-label={words(noun)}>
        {moves.columns.map(column => (
          <BoardColumn
            key={column.stage}
            noun={noun}
            column={column}
            columns={moves.columns}
            moves={moves}
            foreign={foreign}
            announce={announce}
          />
        ))}
      </section>
      {asking?.kind === 'form' && destination && (
        <CommandDrawer
          command={destination}
          names={{ id: asking.card.id }}
          start={asking.to.body}
          close={moves.leave}
          done={() => announce(t('board.dropped', { name: asking.card.name, stage: asking.label }))}
        />
      )}
      {asking?.kind === 'needs' && destination && (
        <NeedsDrawer
          asking={asking}
          move={destination}
          edit={commandOf(edit)}
          noun={noun}
          close={moves.leave}
          done={() => announce(t('board.dropped', { name: asking.card.name, stage: asking.label }))}
        />
      )}
    </>
  );
}

function Head({ noun, beside }: { readonly noun: string; readonly beside: ReactNode }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Search;
  const { data } = useQuery(me);
  const [isOpen, setOpen] = useState(false);
  const asOf = usePast();
  const [create] = useNouns().find(entry => entry.noun === noun)?.creates ?? [];
  const owner = search['owner'] === undefined ? 'all' : 'mine';
  const show = (whose: string): void =>
    void navigate({ to: '.', search: (now: Search) => ({ ...now, owner: whose === 'mine' ? data?.user.id : undefined }) });
  return (
    <header className={screens.head}>
      <h1>{words(noun)}</h1>
      {beside}
      <SegmentedControl
        size="xs"
        value={owner}
        onChange={show}
        data={[
          { value: 'all', label: t('board.everybody') },
          { value: 'mine', label: t('board.mine') },
        ]}
      />
      <Link to="/$noun" params={{ noun }}>
        <IconLayoutList size={15} aria-hidden /> {t('board.list')}
      </Link>
      <PastButton />
      <span>
        {create !== undefined && asOf === undefined && (
          <Button leftSection={<IconPlus size={15} />} onClick={() => setOpen(true)}>
            {words(create.type)}
          </Button>
        )}
        {isOpen && create !== undefined && <CommandDrawer command={create} names={{}} close={() => setOpen(false)} />}
      </span>
    </header>
  );
}

const GLOW_MS = 4_000;

/** Records that somebody else changed just now. */
function useForeign(category: string): ReadonlySet<string> {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  useEffect(
    () =>
      onChange(change => {
        if (change.mine || change.category !== category) return;
        setIds(now => new Set([...now, change.id]));
        setTimeout(() => setIds(now => new Set([...now].filter(id => id !== change.id))), GLOW_MS);
      }),
    [category],
  );
  return ids;
}
