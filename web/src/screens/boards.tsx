import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { asked } from '../api/queries.ts';
import type { DealBoard as DealAnswer, DealColumn, LeadBoard as LeadAnswer, Page } from '../api/shapes.ts';
import type { Search } from '../app.tsx';
import { Board, type Destination } from '../board/board.tsx';
import { words } from '../ui/format.ts';
import { Note, Skeleton } from '../ui/parts.tsx';

/** Winning and losing are commands of their own, and ask for their reasons. */
function dealTo(columns: readonly DealColumn[], stage: string): Destination {
  const kind = columns.find(column => column.stage === stage)?.kind;
  if (kind === 'won') return { command: 'WinDeal', body: {}, asks: true };
  if (kind === 'lost') return { command: 'LoseDeal', body: { stage }, asks: true };
  return { command: 'ChangeDealStage', body: { stage }, asks: false };
}

const leadTo = (stage: string): Destination => {
  if (stage === 'Disqualified') return { command: 'DisqualifyLead', body: {}, asks: true };
  if (stage === 'Deal') return { command: 'ConvertLead', body: {}, asks: true };
  return { command: 'ChangeLeadStage', body: { stage }, asks: false };
};

const useBoardSearch = (): Search => useSearch({ strict: false }) as Search;

/** The day it is here, by which the age of cards is counted. */
const today = (): string => new Intl.DateTimeFormat('sv').format(new Date());

export function DealBoard() {
  const { owner, pipeline, asOf } = useBoardSearch();
  const on = asOf?.slice(0, 10) ?? today();
  const { data, error, isPending } = useQuery(asked<DealAnswer>('/boards/deals', { owner, pipeline, asOf, on }));
  if (isPending) return <Skeleton rows={10} />;
  if (error !== null) return <Note error={error} />;
  const columns = data.columns
    .filter(({ kind }) => kind !== 'archive')
    .map(({ cards, name: label, ...column }) => ({
      ...column,
      label,
      cards: cards.map(({ accountName, ...card }) => ({ ...card, about: accountName ?? '' })),
    }));
  const to = (stage: string): Destination => dealTo(data.columns, stage);
  return (
    <Board noun="deals" category="deal" edit="EditDeal" columns={columns} to={to} beside={<PipelineChoice now={data.pipeline.id} />} />
  );
}

/** Shown where there is more than one. */
function PipelineChoice({ now }: { readonly now: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data } = useQuery(asked<Page<{ readonly id: string; readonly name: string }>>('/pipelines'));
  if (data === undefined || data.items.length < 2) return null;
  return (
    <Select
      size="xs"
      aria-label={t('board.pipeline')}
      allowDeselect={false}
      data={data.items.map(({ id, name }) => ({ value: id, label: name }))}
      value={now}
      onChange={pipeline => void navigate({ to: '.', search: (before: Search) => ({ ...before, pipeline: pipeline ?? undefined }) })}
    />
  );
}

export function LeadBoard() {
  const { owner, asOf } = useBoardSearch();
  const { data, error, isPending } = useQuery(asked<LeadAnswer>('/boards/leads', { owner, asOf }));
  if (isPending) return <Skeleton rows={10} />;
  if (error !== null) return <Note error={error} />;
  const columns = data.columns.map(({ cards, ...column }) => ({
    ...column,
    label: words(column.stage),
    cards: cards.map(({ company, contactName, value, ...card }) => ({
      ...card,
      about: company ?? contactName ?? '',
      amount: value,
      rotting: null,
    })),
  }));
  return <Board noun="leads" category="lead" edit="EditLead" columns={columns} to={leadTo} />;
}
