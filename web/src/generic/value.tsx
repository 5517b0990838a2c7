import { Link } from '@tanstack/react-router';
import { useNouns } from '../api/queries.ts';
import type { Money } from '../api/shapes.ts';
import { count, day, decimal, instant, money, words } from '../ui/format.ts';
import { Badge, Owner } from '../ui/parts.tsx';
import css from '../ui/ui.module.css';
import { isReference, nounOfReference, type Part, shortId } from './schema.ts';

type Row = Readonly<Record<string, unknown>>;

export const isNumber = ({ kind, name }: Part): boolean =>
  ['money', 'quantity', 'decimal'].includes(kind) || (kind === 'integer' && name !== 'line');

/** One value of a row as people read it. */
export function Value({ part, row }: { readonly part: Part; readonly row: Row }) {
  const value = row[part.name];
  if (value === null || value === undefined || value === '') return <span className={css.second}>—</span>;
  switch (part.kind) {
    case 'money':
      return <>{money(value as Money)}</>;
    case 'quantity':
    case 'decimal':
      return <>{decimal(String(value))}</>;
    case 'day':
      return <>{day(String(value))}</>;
    case 'instant':
      return <time dateTime={String(value)}>{instant(String(value))}</time>;
    case 'integer':
      return <>{count(Number(value))}</>;
    case 'flag':
      return <>{value === true ? '✓' : '—'}</>;
    case 'texts':
      return <>{(value as readonly unknown[]).join(', ') || '—'}</>;
    case 'text':
      return <TextValue name={part.name} value={String(value)} row={row} />;
    default:
      return <ObjectValue value={value} />;
  }
}

function TextValue({ name, value, row }: { readonly name: string; readonly value: string; readonly row: Row }) {
  const nouns = useNouns();
  if (name === 'status' || name === 'stage' || name.endsWith('Status')) return <Badge status={value} />;
  if (name === 'ownerId' || name === 'userId') return <Owner id={value} named />;
  const reference = isReference(name) ? name : `${name.replace(/(Name|Code|Number)$/, '')}Id`;
  const id = row[reference];
  const noun = typeof id === 'string' ? nounOfReference(reference, nouns) : undefined;
  if (noun?.record && typeof id === 'string')
    return (
      <Link to="/$noun/$id" params={{ noun: noun.noun, id }} className={css.link}>
        {isReference(name) ? shortId(value) : value}
      </Link>
    );
  return <>{isReference(name) ? shortId(value) : value}</>;
}

/** What has members of its own: its texts, one after another. */
function ObjectValue({ value }: { readonly value: unknown }): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const plain = Object.entries(value).filter(([, member]) => typeof member === 'string' || typeof member === 'number');
  return plain.map(([name, member]) => (Array.isArray(value) ? member : `${words(name)}: ${member}`)).join(', ') || '—';
}
