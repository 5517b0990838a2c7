import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { asked } from '../api/queries.ts';
import type { Board as BoardAnswer, DealCard, LeadCard } from '../api/shapes.ts';
import type { Search } from '../app.tsx';
import { Board, type Destination } from '../board/board.tsx';
import { Note, Skeleton } from '../ui/parts.tsx';

const LOST = new Set(['Rejected', 'DroppedOut']);

/** Winning and losing are commands of their own, and ask for their reasons. */
const dealTo = (stage: string): Destination => {
  if (stage === 'Completed') return { command: 'WinDeal', body: {}, asks: true };
  if (LOST.has(stage)) return { command: 'LoseDeal', body: { stage }, asks: true };
  return { command: 'ChangeDealStage', body: { stage }, asks: false };
};

const leadTo = (stage: string): Destination => {
  if (stage === 'Disqualified') return { command: 'DisqualifyLead', body: {}, asks: true };
  if (stage === 'Deal') return { command: 'ConvertLead', body: {}, asks: true };
  return { command: 'ChangeLeadStage', body: { stage }, asks: false };
};

/** What stands at the end of the road is looked up in the list. */
const CLOSED = new Set(['HistoricalApplications']);

export function DealBoard() {
  const search = useSearch({ strict: false }) as Search;
  const { data, error, isPending } = useQuery(
    asked<BoardAnswer<DealCard>>('/boards/deals', { owner: search['owner'], asOf: search['asOf'] }),
  );
  if (isPending) return <Skeleton rows={10} />;
  if (error !== null) return <Note error={error} />;
  const columns = data.columns
    .filter(({ stage }) => !CLOSED.has(stage))
    .map(({ cards, ...column }) => ({
      ...column,
      cards: cards.map(({ id, name, accountName, amount, ownerId, stageSince }) => ({
        id,
        name,
        about: accountName ?? '',
        amount,
        ownerId,
        stageSince,
      })),
    }));
  return <Board noun="deals" category="deal" edit="EditDeal" columns={columns} to={dealTo} />;
}

export function LeadBoard() {
  const search = useSearch({ strict: false }) as Search;
  const { data, error, isPending } = useQuery(
    asked<BoardAnswer<LeadCard>>('/boards/leads', { owner: search['owner'], asOf: search['asOf'] }),
  );
  if (isPending) return <Skeleton rows={10} />;
  if (error !== null) return <Note error={error} />;
  const columns = data.columns.map(({ cards, ...column }) => ({
    ...column,
    cards: cards.map(({ id, name, company, contactName, value, ownerId, stageSince }) => ({
      id,
      name,
      about: company ?? contactName ?? '',
      amount: value,
      ownerId,
      stageSince,
    })),
  }));
  return <Board noun="leads" category="lead" edit="EditLead" columns={columns} to={leadTo} />;
}
