import { Link } from '@tanstack/react-router';
import { words } from '../ui/format.ts';
import css from '../ui/ui.module.css';
import { type Part, titleOf, titlePart } from './schema.ts';
import { isNumber, Value } from './value.tsx';

type Row = Readonly<Record<string, unknown>>;

interface TableProps {
  readonly parts: readonly Part[];
  readonly rows: readonly Row[];
  /** The noun whose records the rows are; then each opens its record. */
  readonly noun?: string;
  readonly caption: string;
}

const keyOf = (row: Row, index: number): string => String(row['id'] ?? row['line'] ?? index);

export function Table({ parts, rows, noun, caption }: TableProps) {
  const title = titlePart(parts);
  const columns = noun === undefined ? parts : parts.filter(({ name }) => name !== title);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={css.scroll} tabIndex={0} aria-label={caption}>
      <table className={css.table}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {noun !== undefined && <th scope="col">{words(title ?? 'name')}</th>}
            {columns.map(part => (
              <th key={part.name} scope="col" className={isNumber(part) ? css.number : undefined}>
                {words(part.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)}>
              {noun !== undefined && (
                <td className={css.strong}>
                  <Link to="/$noun/$id" params={{ noun, id: String(row['id']) }}>
                    {titleOf(row)}
                  </Link>
                </td>
              )}
              {columns.map(part => (
                <td key={part.name} className={isNumber(part) ? css.number : undefined}>
                  <Value part={part} row={row} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
