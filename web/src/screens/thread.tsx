import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { asked, useNames, useNouns } from '../api/queries.ts';
import type { Fact, Page } from '../api/shapes.ts';
import { shortId } from '../generic/schema.ts';
import { instant, words } from '../ui/format.ts';
import { Note, Skeleton } from '../ui/parts.tsx';
import ui from '../ui/ui.module.css';
import css from './screens.module.css';

/** One thread from its first cause to its last effect, in the order of the log. */
export function ThreadPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams({ strict: false });
  const nouns = useNouns();
  const nameOf = useNames();
  const { data, error, isPending } = useQuery(asked<Page<Fact>>(`/threads/${encodeURIComponent(id)}`, { limit: '200' }));
  return (
    <>
      <header className={css.head}>
        <h1>{t('record.thread')}</h1>
        <span className={ui.second}>{t('record.threadHint')}</span>
      </header>
      <div className={css.body}>
        <Note error={error} />
        {isPending && <Skeleton />}
        <table className={ui.table}>
          <caption className="visually-hidden">{t('record.thread')}</caption>
          <thead>
            <tr>
              {['recordedAt', 'actor', 'fact', 'record'].map(name => (
                <th key={name} scope="col">
                  {words(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data?.items.map(fact => {
              const noun = nouns.find(({ category }) => category === fact.category);
              return (
                <tr key={fact.id}>
                  <td>{instant(fact.recordedAt)}</td>
                  <td>{nameOf(fact.actor.id)}</td>
                  <td className={ui.strong}>{words(fact.type)}</td>
                  <td>
                    {noun?.record ? (
                      <Link to="/$noun/$id" params={{ noun: noun.noun, id: fact.recordId }}>
                        {words(fact.category)} {shortId(fact.recordId)}
                      </Link>
                    ) : (
                      <>
                        {words(fact.category)} {shortId(fact.recordId)}
                      </>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
